/** The only place where the command lines learn how late it really is: no run may depend on that. */

/** Since this process began, ms. */
export function wallMs(): number {
  return performance.now()
}

/** Calls `act` so often; the returned function ends it. It does not keep the process alive. */
export function everyWallMs(intervalMs: number, act: () => void): () => void {
  const timer = setInterval(act, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** Calls `act` once; the returned function prevents it. It does not keep the process alive. */
export function afterWallMs(delayMs: number, act: () => void): () => void {
  const timer = setTimeout(act, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}
