import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isPreferred } from '../../src/consensus/engine.ts'
import { createEngine, ENGINES } from '../../src/consensus/engines.ts'
import { longestChain } from '../../src/consensus/longest-chain/longest-chain.ts'
import type { Signer } from '../../src/crypto.ts'
import { buildNext, builtGenesis, producers, stranger, testRules } from '../support/block-builder.ts'
import { engineConformance } from '../support/engine-conformance.ts'

engineConformance('longest-chain', longestChain)

describe('longest-chain', () => {
  const open = testRules({ finalDepth: 3 })
  const closed = testRules({ producers })
  const parent = builtGenesis(closed).block.header
  const [producer] = producers as [Signer, ...Signer[]]

  function seals(engine: typeof open.engine, by: Signer, entryCount: number): boolean {
    return engine.seal({ parent, producer: by.publicKey, entryCount, time: parent.time + 1 }) !== undefined
  }

  function code(engine: typeof open.engine, by: Signer, entryCount = 1, seal = new Uint8Array(0)) {
    const { header } = buildNext(closed, builtGenesis(closed), [0], {
      producer: by,
      spoil: () => ({ seal }),
    }).block
    const verified = engine.verify(header, { parent, entryCount })
    return verified.ok ? undefined : verified.error.code
  }

  test('lets a listed producer make a block as soon as there is an entry', () => {
    expect(seals(closed.engine, producer, 1)).toBe(true)
    expect(seals(closed.engine, producer, 0)).toBe(false)
    expect(code(closed.engine, producer)).toBeUndefined()
  })

  test('lets nobody else, where producers are listed, and anyone where they are not', () => {
    expect(seals(closed.engine, stranger, 1)).toBe(false)
    expect(code(closed.engine, stranger)).toBe('BLOCK_PRODUCER_NOT_ALLOWED')
    expect(seals(open.engine, stranger, 1)).toBe(true)
    expect(code(open.engine, stranger)).toBeUndefined()
  })

  test('refuses a block without entries and one with a seal', () => {
    expect(code(closed.engine, producer, 0)).toBe('BLOCK_EMPTY')
    expect(code(closed.engine, producer, 1, new Uint8Array(1))).toBe('BLOCK_SEAL_INVALID')
  })

  test('calls a block final when as many blocks as configured stand on it', () => {
    expect([0, 1, 3, 4, 10].map((height) => open.engine.finalHeight(height))).toEqual([0, 0, 0, 1, 7])
  })

  test('prefers the longer chain, and of two equally long ones that with the lower hash', () => {
    const low = new Uint8Array(32)
    const high = new Uint8Array(32).fill(1)
    expect(isPreferred({ hash: high, weight: 3n }, { hash: low, weight: 2n })).toBe(true)
    expect(isPreferred({ hash: high, weight: 2n }, { hash: low, weight: 2n })).toBe(false)
    expect(isPreferred({ hash: low, weight: 2n }, { hash: high, weight: 2n })).toBe(true)
    expect(isPreferred({ hash: low, weight: 2n }, { hash: low, weight: 2n })).toBe(false)
  })
})

describe('engines', () => {
  test('are made from the name in the genesis document', () => {
    const { document } = testRules()
    expect(createEngine(document)).toMatchObject({ ok: true, value: { name: 'longest-chain' } })
  })

  test.each(['paxos', '__proto__', 'constructor', 'toString'])(
    'refuses a document that asks for %s',
    (name) => {
      const { document } = testRules()
      const made = createEngine({ ...document, engine: { name, finalDepth: 1 } })
      expect(made).toMatchObject({ ok: false, error: { code: 'GENESIS_INVALID' } })
      expect(made.ok || made.error.message).toContain('longest-chain')
    },
  )

  test('every one has a file of tests here, which begins with its conformance', () => {
    for (const name of Object.keys(ENGINES)) {
      const text = readFileSync(new URL(`${name}.test.ts`, import.meta.url), 'utf8')
      expect(text).toContain(`engineConformance('${name}', `)
    }
  })
})
