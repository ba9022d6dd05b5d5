import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatKeptSeed, type KeptSeed, keepSeed, keptSeeds, parseKeptSeed } from '../../shrink/kept-seed.ts'

const seed: KeptSeed = {
  choice: {
    seed: 7,
    nodes: 3,
    hours: 0.1,
    only: ['loss', 'crash'],
    realSignatures: false,
    engine: 'longest-chain',
  },
  ...{ invariant: 'acknowledged', note: 'a reading was lost', fixed: 'core/machine: keep it' },
}

/** The text of the file with some fields changed; undefined takes one away. */
function changed(fields: Record<string, unknown>): string {
  return JSON.stringify({ ...JSON.parse(formatKeptSeed(seed)), ...fields })
}

describe('a kept seed', () => {
  test('is read as it was written', () => {
    expect(parseKeptSeed(formatKeptSeed(seed))).toEqual({ ok: true, value: seed })
    const real = { ...seed, choice: { ...seed.choice, realSignatures: true } }
    expect(parseKeptSeed(formatKeptSeed(real))).toEqual({ ok: true, value: real })
    expect(formatKeptSeed(seed)).not.toContain('realSignatures')
  })

  test.each([
    [{ color: 'red' }, 'has the unknown key "color"'],
    [{ seed: -1 }, '"seed" is not a whole number'],
    [{ seed: '7' }, '"seed" is not'],
    [{ nodes: 0 }, '"nodes" is not'],
    [{ hours: 0 }, '"hours" is not'],
    [{ only: ['bogus'] }, '"only" is not a list of faults'],
    [{ only: 'loss' }, '"only" is not'],
    [{ realSignatures: 1 }, '"realSignatures" is not'],
    [{ invariant: '' }, '"invariant" is not'],
    [{ note: undefined }, '"note" is not a text'],
    [{ fixed: undefined }, '"fixed" is not a text'],
  ])('with %j is refused', (fields, sentence) => {
    const read = parseKeptSeed(changed(fields))
    expect(read.ok ? 'read' : read.problem).toContain(sentence)
  })

  test.each(['', '[]', 'null', '7', '{', `{"__proto__": {}}`, ' '.repeat(10_001)])('is not %j', (text) => {
    expect(parseKeptSeed(text).ok).toBe(false)
  })
})

describe('keeping a seed', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pulseledger-seeds-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const finding = { invariant: 'caps', node: 'ann', atMs: 5, message: 'too much' }

  test('writes what is read again, with what fixed it left to say', () => {
    const path = keepSeed({ choice: seed.choice, finding }, folder)
    expect(path).toBe(join(folder, 'caps-7.json'))
    expect(keptSeeds(folder)).toEqual(
      new Map([['caps-7.json', { choice: seed.choice, invariant: 'caps', note: 'too much', fixed: '' }]]),
    )
  })

  test('leaves one that is there as it is', () => {
    const path = keepSeed({ choice: seed.choice, finding }, folder) ?? ''
    writeFileSync(path, formatKeptSeed(seed))
    expect(keepSeed({ choice: seed.choice, finding }, folder)).toBeUndefined()
    expect(readFileSync(path, 'utf8')).toBe(formatKeptSeed(seed))
  })

  test('reads no folder with a file that is not one', () => {
    writeFileSync(join(folder, 'bad.json'), '{}')
    expect(() => keptSeeds(folder)).toThrow(/bad\.json "seed" is not/)
    expect(keptSeeds(join(folder, 'absent')).size).toBe(0)
  })
})
