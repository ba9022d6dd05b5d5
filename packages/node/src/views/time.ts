// Years are 1970..9999 (core's `timeMax`), so every form has a fixed width. RFC 3339, always UTC.

/** `2026-11-22T11:16:33.120Z`, for machines. */
export function millisecondsTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

/** `2026-11-22T11:16:33Z`, as in the tutorial. Milliseconds are cut off, not rounded. */
export function secondsTime(timeMs: number): string {
  return `${millisecondsTime(timeMs).slice(0, 19)}Z`
}

/** `2026-11-22 11:16:33Z`, for people. */
export function plainTime(timeMs: number): string {
  return secondsTime(timeMs).replace('T', ' ')
}
