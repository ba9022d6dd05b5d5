/** Milliseconds from some moment on: how long a slice of mining took, in the thread that did it. */
export function sliceNowMs(): number {
  return performance.now()
}
