import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../src/limits.ts'

describe('the limits of the node', () => {
  const text = readFileSync(new URL('../../../docs/LIMITS.md', import.meta.url), 'utf8')
  const lines = text.slice(text.indexOf('## Of a node')).split('\n')
  const rows = lines.filter((line) => line.startsWith('| `')).map((line) => line.split(' | '))

  test('and docs/LIMITS.md agree, both ways', () => {
    const documented = rows.map(([name, value]) => [name, value?.replaceAll(',', '')])
    const expected = Object.entries(NODE_LIMITS).map(([name, value]) => [`| \`${name}\``, String(value)])
    expect(documented).toEqual(expected)
  })

  test('each have a reason', () => {
    for (const row of rows) expect(row[2]).toMatch(/^[A-Z].*[.:] \|$/)
  })
})
