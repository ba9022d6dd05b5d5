/** Numbers as people read them. */

/** 1234567 is "1,234,567". */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** With so many digits behind the point, at most. */
export function decimal(value: number, digitsMax: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: digitsMax })
}

/** "250 ms", "1.2 s", "12 min". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${decimal(ms, 0)} ms`
  if (ms < 120_000) return `${decimal(ms / 1_000, ms < 10_000 ? 2 : 1)} s`
  return ms < 7_200_000 ? `${decimal(ms / 60_000, 1)} min` : `${decimal(ms / 3_600_000, 2)} h`
}

/** A share of 1: "12.5 %". */
export function percent(share: number): string {
  return `${decimal(share * 100, 1)} %`
}

export function plural(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** "12 crash, 3 loss", the most frequent first. */
export function counted(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return sorted.map(([name, count]) => `${whole(count)} ${name}`).join(', ') || 'none'
}
