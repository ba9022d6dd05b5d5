import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ERRORS, type ErrorRow, EXIT } from '../src/errors.ts'
import { tableRows } from './support/markdown-table.ts'

const table = Object.entries<ErrorRow>(ERRORS)
const packages = new URL('../../', import.meta.url)
const document = new URL('../../../docs/ERRORS.md', import.meta.url)

describe('the table of errors', () => {
  test('and docs/ERRORS.md have the same rows, both ways', () => {
    const documented = tableRows(document).filter(([code]) => code?.startsWith('`'))
    const expected = table.map(([code, { meaning, remedy, http, exit }]) => [
      `\`${code}\``,
      meaning,
      remedy,
      String(http),
      exit === undefined ? '' : String(exit),
    ])
    expect(documented.map((row) => [...row, ''].slice(0, 5))).toEqual(expected)
  })

  test.each(table)('%s has sentences, a status of an error and a known exit code', (code, row) => {
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/)
    expect(row.meaning).toMatch(/^[A-Z].*\.$/)
    expect(row.remedy).toMatch(/^[A-Z`].*\.$/)
    expect(row.http).toBeGreaterThanOrEqual(400)
    expect(row.http).toBeLessThan(600)
    expect([undefined, 1, ...Object.values(EXIT)]).toContain(row.exit)
  })

  test('has no row that nothing uses', () => {
    const paths = globSync('*/src/**/*.ts', { cwd: packages }).filter(
      (path) => !/^core\/src\/(?:[a-z]+-)?errors\.ts$/.test(path),
    )
    const sources = paths.map((path) => readFileSync(new URL(path, packages), 'utf8')).join('\n')
    const unused = table.map(([code]) => code).filter((code) => !sources.includes(`'${code}'`))
    expect(paths.length).toBeGreaterThan(0)
    expect(unused).toEqual([])
  })

  test('and docs/ERRORS.md have the same exit codes', () => {
    const documented = tableRows(document, 'Exit codes').map(([code]) => Number(code))
    expect(documented).toEqual([0, 1, ...Object.values(EXIT)])
  })

  test('gives each way of ending a command its own code', () => {
    const codes = Object.values(EXIT)
    expect(new Set(codes).size).toBe(codes.length)
    for (const code of codes) expect([0, 1]).not.toContain(code)
  })
})
