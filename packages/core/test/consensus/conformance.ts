import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeHeader, type Header } from '../../src/block/header.ts'
import type { Hash } from '../../src/bytes.ts'
import { toHex } from '../../src/bytes.ts'
import {
  type Candidate,
  chainWeight,
  type EngineKind,
  isPreferred,
  type Prepared,
} from '../../src/consensus/engine.ts'
import type { Signer } from '../../src/crypto.ts'
import type { EngineParameters } from '../../src/index.ts'
import { LIMITS } from '../../src/limits.ts'
import {
  type Built,
  buildBlock,
  buildNext,
  builtGenesis,
  crypto,
  producers,
  type Rules,
  stranger,
  testRules,
} from '../support/block-builder.ts'
import { runs } from '../support/runs.ts'
import { solve } from '../support/search.ts'
import { ledgerConformance } from './ledger-conformance.ts'

export interface EngineCase {
  /** What a genesis document calls it. */
  readonly name: string
  readonly kind: EngineKind
  /** For tests: blocks take a few hashes, and are final after a few others. */
  readonly parameters: Omit<EngineParameters, 'name'>
}

/** What every engine promises, whatever its rule is. */
export function engineConformance(name: string, { kind, parameters }: Omit<EngineCase, 'name'>): void {
  const engine = kind.complete({ name, ...parameters })
  const rules = testRules({ engine, producers, engines: { [name]: kind } })

  describe(`the engine ${name} conforms:`, () => {
    parameterTests(name, kind)
    blockTests(name, rules)
    hostileTests(kind, rules)
    choiceTests(rules)
    ledgerConformance(rules)
  })
}

function parameterTests(name: string, kind: EngineKind): void {
  test('its defaults have no fault, and are all the parameters that it has', () => {
    const complete = kind.complete({ name })
    expect(kind.fault(complete)).toBeUndefined()
    expect(Object.keys(complete).sort()).toEqual(['name', ...kind.parameters].sort())
    expect(kind.describe(complete)).toMatch(/^[ -~]{1,70}$/)
  })

  test('a parameter that is missing, unknown or no parameter at all is named', () => {
    const complete = kind.complete({ name })
    for (const parameter of kind.parameters) {
      const { [parameter]: _, ...rest } = complete
      expect(kind.fault(rest as EngineParameters)).toContain(`engine.${parameter}`)
      for (const value of [-1, 0.5, 'x', new Uint8Array(1), []]) {
        expect(kind.fault({ ...complete, [parameter]: value })).toContain(`engine.${parameter}`)
      }
    }
    for (const unknown of ['finaldepth', 'constructor', '__proto__']) {
      expect(
        kind.fault(Object.defineProperty({ ...complete }, unknown, { value: 1, enumerable: true })),
      ).toContain(`engine.${unknown}`)
    }
  })
}

/** The block after `parent` by whoever may make it. */
function next(rules: Rules, parent: Built, delayMs = 0): Built {
  const header = parent.block.header
  const by = producers.find(
    ({ publicKey }) =>
      rules.engine.prepare({ parent: header, producer: publicKey, entryCount: 1, time: header.time + 1 }) !==
      undefined,
  )
  if (by === undefined) throw new Error(`nobody may make block ${header.height + 1}`)
  return buildNext(rules, parent, [0], { producer: by, delayMs })
}

function chainOf(rules: Rules, count: number): Built[] {
  const chain = [builtGenesis(rules)]
  while (chain.length <= count) chain.push(next(rules, chain.at(-1) as Built, 500))
  return chain
}

function blockTests(name: string, rules: Rules): void {
  const { engine } = rules
  const chain = chainOf(rules, 5)
  const parents = fc.constantFrom(...chain.map(({ block }) => block.header))

  test('it is known by its name', () => {
    expect(engine.name).toBe(name)
  })

  test('a block sealed as it prepares it obeys its rule, and the seal fits a header', () => {
    let sealedCount = 0
    const by = fc.constantFrom(...producers, stranger)
    fc.assert(
      fc.property(parents, by, fc.nat({ max: 3 }), (parent, { publicKey }, entryCount) => {
        const time = parent.time + 1
        const template = { parent, producer: publicKey, entryCount, time }
        const prepared = engine.prepare(template)
        expect(engine.prepare(template)).toEqual(prepared)
        if (prepared === undefined) return
        sealedCount += 1
        expect(prepared.seal.length).toBeLessThanOrEqual(LIMITS.sealBytesMax)
        const block = complete(prepared, childOf(parent, publicKey, time))
        expect(engine.verifyAlone(block)).toMatchObject({ ok: true })
        expect(engine.verify(block, { parent, entryCount })).toMatchObject({ ok: true })
      }),
      runs(100),
    )
    expect(sealedCount).toBeGreaterThan(0)
  })

  test('nobody makes a block who is not listed, and everybody refuses it', () => {
    for (const parent of chain) {
      const { header } = parent.block
      const template = { parent: header, producer: stranger.publicKey, entryCount: 1, time: header.time + 1 }
      expect(engine.prepare(template)).toBeUndefined()
      const { block } = buildNext(rules, parent, [0], { producer: stranger })
      const code = 'BLOCK_PRODUCER_NOT_ALLOWED'
      expect(engine.verifyAlone(block)).toMatchObject({ ok: false, error: { code } })
      expect(engine.verify(block, { parent: header, entryCount: 1 })).toMatchObject({
        ok: false,
        error: { code },
      })
    }
  })

  test('every block weighs something, and always the same', () => {
    for (const { block } of chain) {
      const weight = engine.weight(block.header)
      expect(weight).toBeGreaterThan(0n)
      expect(engine.weight({ ...block.header } satisfies Header)).toBe(weight)
    }
  })

  test('a chain whose weights add up to 2^256 is refused, one below it is not', () => {
    const { header } = (chain[1] as Built).block
    const room = (1n << 256n) - engine.weight(header)
    expect(chainWeight(room - 1n, header, engine)).toEqual({ ok: true, value: (1n << 256n) - 1n })
    expect(chainWeight(room, header, engine)).toMatchObject({
      ok: false,
      error: { code: 'BLOCK_WEIGHT_TOO_LARGE' },
    })
  })
}

function hostileTests(kind: EngineKind, rules: Rules): void {
  const { engine } = rules
  const [genesis, first, second] = chainOf(rules, 2) as [Built, Built, Built]
  const rightSeal = second.block.header.seal

  test('a seal of any other length is refused, with or without the parent', () => {
    for (const length of [0, 1, 47, 48, 49, 256]) {
      if (length === rightSeal.length) continue
      const seal = Uint8Array.from({ length }, (_, i) => rightSeal[i] ?? 0)
      const { block } = buildBlock(rules, first, { items: [], spoil: () => ({ seal }) })
      const refused = { ok: false, error: { code: 'BLOCK_SEAL_INVALID' } }
      expect(engine.verifyAlone(block)).toMatchObject(refused)
      expect(engine.verify(block, { parent: first.block.header, entryCount: 1 })).toMatchObject(refused)
    }
  })

  test('whatever stands in a header is judged without a throw, and passes alone if it passes', () => {
    const seals = fc.oneof(
      fc.uint8Array({ maxLength: LIMITS.sealBytesMax }),
      fc.uint8Array({ minLength: rightSeal.length, maxLength: rightSeal.length }),
    )
    const parents = fc.constantFrom(genesis, first, second)
    fc.assert(
      fc.property(parents, seals, fc.nat({ max: 2 }), fc.boolean(), (parent, seal, by, isParentSpoilt) => {
        const key = (producers[by] as Signer).publicKey
        const header = { ...childOf(parent.block.header, key, parent.block.header.time + 1), seal }
        const block = { header, headerBytes: encodeHeader(header) }
        const given = isParentSpoilt ? { ...parent.block.header, seal } : parent.block.header
        const alone = engine.verifyAlone(block)
        const linked = engine.verify(block, { parent: given, entryCount: 1 })
        if (linked.ok) expect(alone.ok).toBe(true)
        for (const result of [alone, linked]) if (!result.ok) expect(result.error.code).toMatch(/^BLOCK_/)
        expect(engine.weight(header)).toBeGreaterThan(0n)
        for (const fact of kind.explain(block, crypto))
          expect(`${fact.name} ${fact.value}`).toMatch(/^[ -~]+$/)
      }),
      runs(300),
    )
  })
}

function choiceTests({ engine }: Rules): void {
  const heights = fc.nat({ max: 2_000 })
  const candidate: fc.Arbitrary<Candidate> = fc.record({
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }) as fc.Arbitrary<Hash>,
    weight: fc.bigInt({ min: 1n, max: 4n }),
  })

  test('the final height is at most that of the head, and never falls as the head rises', () => {
    fc.assert(
      fc.property(heights, heights, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        expect(engine.finalHeight(low)).toBeGreaterThanOrEqual(0)
        expect(engine.finalHeight(low)).toBeLessThanOrEqual(low)
        expect(engine.finalHeight(low)).toBeLessThanOrEqual(engine.finalHeight(high))
      }),
      runs(200),
    )
  })

  test('of chains that it compares one wins over all others, in whatever order they are seen', () => {
    const several = fc.uniqueArray(candidate, {
      minLength: 2,
      maxLength: 6,
      selector: ({ hash }) => toHex(hash),
    })
    fc.assert(
      fc.property(several, fc.array(fc.nat({ max: 5 }), { minLength: 6, maxLength: 6 }), (all, keys) => {
        const shuffled = all
          .map((item, i) => ({ item, key: keys[i] as number }))
          .sort((a, b) => a.key - b.key)
        const best = (items: readonly Candidate[]) => items.reduce((a, b) => (isPreferred(b, a) ? b : a))
        const winner = best(all)
        expect(best(shuffled.map(({ item }) => item))).toBe(winner)
        for (const other of all) expect(isPreferred(other, winner)).toBe(false)
        for (const other of all) expect(isPreferred(winner, other)).toBe(other !== winner)
      }),
      runs(200),
    )
  })
}

/** A header as it would be but for what no engine looks at. */
function childOf(parent: Header, producer: Uint8Array, time: number): Header {
  return { ...parent, parent: parent.root, height: parent.height + 1, size: 9, time, producer }
}

function complete(prepared: Prepared, header: Header): { header: Header; headerBytes: Uint8Array } {
  const unsolved = { ...header, seal: prepared.seal }
  const solved = prepared.kind === 'work' ? solve(unsolved, prepared.target, crypto) : unsolved
  return { header: solved, headerBytes: encodeHeader(solved) }
}
