import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeTree } from './support/tree.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome')
const RULES = [
  'biome.json',
  '.gitignore',
  ...readdirSync(join(ROOT, 'tools/biome')).map((it) => `tools/biome/${it}`),
]

interface Diagnostic {
  readonly category: string
  readonly location: { readonly path: string; readonly start: { readonly line: number } }
}

/** The lines of `text`, placed at `path`, on which our biome.json finds one of the rules `about`. */
function linesFound(path: string, text: string, about: RegExp): number[] {
  const rules = Object.fromEntries(RULES.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]))
  const cwd = makeTree({ ...rules, [path]: text })
  const args = [BIOME, 'lint', '--reporter=json', '--max-diagnostics=200', 'packages']
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  expect(stderr).not.toMatch(/configuration|plugin/i)
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] }
  const found = diagnostics.filter((it) => about.test(it.category)).map((it) => it.location.start.line)
  return [...new Set(found)].sort((a, b) => a - b)
}

const allLines = (text: string): number[] =>
  text
    .trim()
    .split('\n')
    .map((_, index) => index + 1)

describe('core is pure', () => {
  const BANNED = `import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
export const a = Math.random()
export const b = Date.now()
export const c = new Date(0)
setTimeout(a, 1)
setInterval(a, 1)
setImmediate(a)
queueMicrotask(a)
performance.now()
process.exit()
Buffer.from('a')
console.error(a)
fetch('a')
crypto.getRandomValues(a)
export const d = await import('./d.ts')
globalThis.Date.now()
const { random } = Math
`
  const RULES_OF_CORE = /^plugin$|noRestricted/

  test('every line that reaches for time, chance, Node or the world is an error', () => {
    expect(linesFound('packages/core/src/log/a.ts', BANNED, RULES_OF_CORE)).toEqual(allLines(BANNED))
  })

  test('ordinary arithmetic and tests are not', () => {
    const pure = 'export const a = Math.max(1, 2)\nexport const date = { Date: 1 }.Date\n'
    expect(linesFound('packages/core/src/log/a.ts', pure, RULES_OF_CORE)).toEqual([])
    expect(linesFound('packages/core/test/a.test.ts', BANNED, RULES_OF_CORE)).toEqual([])
  })
})

describe('time and chance come from ports', () => {
  const TIME = `export const a = Date.now()
export const b = new Date()
export const c = Date()
export const d = performance.now()
export const e = process.hrtime.bigint()
`
  const CHANCE = `import { randomBytes } from 'node:crypto'
export const a = Math.random()
`

  test('reading the clock is an error in node, except in clock.ts', () => {
    expect(linesFound('packages/node/src/runner.ts', TIME, /^plugin$/)).toEqual(allLines(TIME))
    expect(linesFound('packages/node/src/adapters/clock.ts', TIME, /^plugin$/)).toEqual([])
    expect(linesFound('packages/node/src/adapters/system-clock.ts', TIME, /^plugin$/)).toEqual([])
  })

  test('throwing dice is an error in node, except in random.ts', () => {
    const rules = /^plugin$|noRestrictedImports/
    expect(linesFound('packages/node/src/runner.ts', CHANCE, rules)).toEqual(allLines(CHANCE))
    expect(linesFound('packages/node/src/adapters/random.ts', CHANCE, rules)).toEqual([])
  })

  test('formatting a given instant is allowed', () => {
    const text = 'export const iso = (ms: number): string => new Date(ms).toISOString()\n'
    expect(linesFound('packages/node/src/terminal/a.ts', text, /^plugin$/)).toEqual([])
  })
})

test('a promise nobody waits for is an error', () => {
  const text = 'async function run(): Promise<void> {}\nrun()\n'
  expect(linesFound('packages/node/src/runner.ts', text, /noFloatingPromises/)).toEqual([2])
})
