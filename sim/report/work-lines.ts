/** How measurements are written beside what theory says of them. */
import { agrees, type Estimate } from '../work/statistics.ts'
import { table } from './table.ts'

export interface Section {
  readonly lines: readonly string[]
  /** Rows that are farther from theory than chance explains. */
  readonly offCount: number
}

export const VERDICT = 'within 3 s.e.'

export function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Section {
  const offCount = rows.filter((row) => row.includes(verdict(false))).length
  return { lines: [title, '', ...table([head, ...rows]), ''], offCount }
}

export function verdict(isWithin: boolean): string {
  return isWithin ? 'yes' : 'NO'
}

/** "0.253 ± 0.015", with the standard error. */
function measured({ mean, error }: Estimate, digits: number): string {
  return `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`
}

/** Three cells: measured, theory, and whether they agree. */
export function compared(estimate: Estimate, theory: number, digits: number): string[] {
  return [measured(estimate, digits), theory.toFixed(digits), verdict(agrees(estimate, theory))]
}
