import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Header } from '../../src/block/header.ts'
import { type Candidate, type EngineFactory, isPreferred } from '../../src/consensus/engine.ts'
import { ENGINES } from '../../src/consensus/engines.ts'
import { LIMITS } from '../../src/limits.ts'
import { type Built, buildChain, builtGenesis, producers, stranger, testRules } from './block-builder.ts'
import { runs } from './runs.ts'

/** What every engine promises, whatever its rule is. `name` is what a genesis document calls it. */
export function engineConformance(name: string, factory: EngineFactory): void {
  const rules = testRules({ producers })
  const document = { ...rules.document, engine: { ...rules.document.engine, name } }
  const engine = factory(document)
  const genesis = builtGenesis(rules)
  const chain: Built[] = [genesis, ...buildChain(rules, genesis, 5)]
  const parents = fc.constantFrom(...chain.map(({ block }) => block.header))
  const candidate: fc.Arbitrary<Candidate> = fc.record({
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    weight: fc.bigInt({ min: 1n, max: 4n }),
  })
  const heights = fc.nat({ max: 2_000 })

  describe(`the engine ${name} conforms:`, () => {
    test('it is known by its name', () => {
      expect(engine.name).toBe(name)
      expect(ENGINES[name]).toBe(factory)
    })

    test('what it seals it verifies, and the seal fits a header', () => {
      let sealedCount = 0
      fc.assert(
        fc.property(
          parents,
          fc.constantFrom(...producers, stranger),
          fc.nat({ max: 3 }),
          (parent, by, count) => {
            const time = parent.time + 1
            const template = { parent, producer: by.publicKey, entryCount: count, time }
            const seal = engine.seal(template)
            expect(engine.seal(template)).toEqual(seal)
            if (seal === undefined) return
            sealedCount += 1
            expect(seal.length).toBeLessThanOrEqual(LIMITS.sealBytesMax)
            const header = {
              ...parent,
              parent: parent.root,
              height: parent.height + 1,
              time,
              producer: by.publicKey,
              seal,
            }
            expect(engine.verify(header, { parent, entryCount: count })).toMatchObject({ ok: true })
          },
        ),
        runs(100),
      )
      expect(sealedCount).toBeGreaterThan(0)
    })

    test('every block weighs something, and always the same', () => {
      for (const { block } of chain) {
        const weight = engine.weight(block.header)
        expect(weight).toBeGreaterThan(0n)
        expect(engine.weight({ ...block.header } satisfies Header)).toBe(weight)
      }
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
        selector: ({ hash }) => hash.join(),
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
  })
}
