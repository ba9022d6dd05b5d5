export interface Report {
  line(name: string, value: string, note?: string): void
}

/**
 * Measures one thing. `openssl`: Ed25519 verifications a second of all cores; undefined when it is absent.
 */
export type Suite = (report: Report, openssl: number | undefined) => Promise<void>

export function perSecond(count: number, elapsedMs: number): number {
  return (count * 1000) / elapsedMs
}

/** The value below which the given share of `values` lies, 0 < share <= 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}
