import { describe, expect, test } from 'vitest'
import { LIMITS } from '../src/limits.ts'
import { tableRows } from './support/markdown-table.ts'

describe('the limits of core', () => {
  const rows = tableRows(new URL('../../../docs/LIMITS.md', import.meta.url), 'Of every ledger')

  test('and docs/LIMITS.md agree, both ways', () => {
    const documented = rows.map(([name, value]) => [name, value?.replaceAll(',', '')])
    expect(documented).toEqual(Object.entries(LIMITS).map(([name, value]) => [`\`${name}\``, String(value)]))
  })

  test('each have a reason', () => {
    for (const row of rows) expect(row[2]).toMatch(/^[A-Z].*[.:]$/)
  })
})
