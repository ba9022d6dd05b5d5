import { describe, expect, test } from 'vitest'
import { isPreferred } from '../../src/consensus/engine.ts'
import { longestChain } from '../../src/consensus/longest-chain/longest-chain.ts'
import type { Signer } from '../../src/crypto.ts'
import { buildNext, builtGenesis, producers, stranger, testRules } from '../support/block-builder.ts'
import { engineConformance } from './conformance.ts'

engineConformance('longest-chain', { kind: longestChain, parameters: { finalDepth: 5 } })

describe('longest-chain', () => {
  const open = testRules({ finalDepth: 3 })
  const closed = testRules({ producers })
  const parent = builtGenesis(closed).block.header
  const [producer] = producers as [Signer, ...Signer[]]

  function seals(engine: typeof open.engine, by: Signer, entryCount: number): boolean {
    return engine.prepare({ parent, producer: by.publicKey, entryCount, time: parent.time + 1 }) !== undefined
  }

  function code(engine: typeof open.engine, by: Signer, entryCount = 1, seal = new Uint8Array(0)) {
    const { block } = buildNext(closed, builtGenesis(closed), [0], {
      producer: by,
      spoil: () => ({ seal }),
    })
    const verified = engine.verify(block, { parent, entryCount })
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
