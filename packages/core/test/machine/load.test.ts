import { describe, expect, test } from 'vitest'
import { type Block, parseBlock } from '../../src/block/block.ts'
import { concatBytes, toHex } from '../../src/bytes.ts'
import type { StoredBlock } from '../../src/machine/change.ts'
import { genesisChange, loadLedger } from '../../src/machine/load.ts'
import type { Result } from '../../src/result.ts'
import {
  type Built,
  buildChain,
  buildNext,
  builtGenesis,
  crypto,
  START,
  stranger,
  testRules,
  unwrap,
} from '../support/block-builder.ts'
import { DumbStore } from '../support/dumb-store.ts'
import { LedgerHarness } from '../support/ledger-harness.ts'

const rules = testRules({ finalDepth: 3 })
const genesis = builtGenesis(rules)
const chain = buildChain(rules, genesis, 20)
const config = { ...rules, crypto, signer: stranger }

/** A store with a chain of 20 blocks, of which 17 are final. */
function stored(): DumbStore {
  const harness = new LedgerHarness(rules)
  for (const { block } of chain) harness.receive(block)
  harness.settle()
  return harness.store
}

function codeOf(loaded: Result<unknown>): string | undefined {
  return loaded.ok ? undefined : loaded.error.code
}

function blockAt(height: number): Block {
  return (chain[height - 1] as Built).block
}

describe('loading a ledger', () => {
  test('begins with the change that makes genesis the head of an empty store', () => {
    const store = new DumbStore()
    store.apply(genesisChange(rules.document, rules.engine, crypto))
    const ledger = unwrap(loadLedger({ ...config, reader: store }))
    expect(toHex(ledger.head.hash)).toBe(toHex(rules.ledgerId))
    expect(ledger.head.weight).toBe(1n)
    expect(ledger.head.range.size).toBe(0)
    expect(ledger.pending.count).toBe(0)
  })

  test('gives a ledger that goes on where the last one stopped', () => {
    const ledger = unwrap(loadLedger({ ...config, reader: stored() }))
    expect(ledger.head.header).toEqual(blockAt(20).header)
    expect(ledger.finalHeight).toBe(17)
    expect(ledger.head.times).toEqual(chain.slice(9).map(({ block }) => block.header.time))
    const next = buildNext(rules, chain[19] as Built, [0, 1, 2])
    const effects = ledger.step({ kind: 'blocks-received', blocks: [next.block] }, next.block.header.time)
    expect(effects.map(({ kind }) => kind)).toEqual(['persist', 'notify'])
  })

  test('reads as many blocks of a long chain as of a short one', () => {
    const counts = [14, 20].map((length) => {
      const harness = new LedgerHarness(rules)
      for (const { block } of chain.slice(0, length)) harness.receive(block)
      harness.settle()
      let reads = 0
      const reader = new Proxy(harness.store, {
        get: (store, name) => {
          const value: unknown = Reflect.get(store, name)
          if (name === 'block') reads += 1
          return typeof value === 'function' ? value.bind(store) : value
        },
      })
      unwrap(loadLedger({ ...config, reader }))
      return reads
    })
    expect(counts[0]).toBe(counts[1])
  })

  test('leaves out branches that are below the final block, and keeps those that are not', () => {
    const harness = new LedgerHarness(rules)
    const old = buildNext(rules, genesis, [0], { variant: 1 })
    harness.receive(old.block)
    for (const { block } of chain) harness.receive(block)
    const side = buildNext(rules, chain[16] as Built, [0], { variant: 1 })
    harness.receive(side.block)
    harness.settle()
    harness.crash()
    const codes = [old, side].map((parent) => {
      const effects = harness.receive(buildNext(rules, parent, [1]).block)
      return effects.map(({ kind }) => kind).join()
    })
    expect(codes).toEqual(['notify', 'persist'])
    expect(harness.told.at(-1)).toMatchObject({ error: { code: 'BLOCK_BELOW_FINAL' } })
  })

  test('knows the times that the median of a block on the final one is taken over', () => {
    const spread = buildChain(rules, genesis, 20, {
      spoil: ({ height }) => ({ time: START + height * 1_000 }),
    })
    const harness = new LedgerHarness(rules)
    for (const { block } of spread) harness.receive(block)
    harness.settle()
    harness.crash()
    const parent = spread[16] as Built
    const earliest = buildNext(rules, parent, [0], { variant: 1 })
    const tooEarly = buildNext(rules, parent, [0], {
      variant: 2,
      spoil: ({ time }) => ({ time: time - 1 }),
    })
    expect(harness.receive(earliest.block).map(({ kind }) => kind)).toEqual(['persist'])
    harness.receive(tooEarly.block)
    harness.settle()
    expect(harness.told.at(-1)).toMatchObject({ error: { code: 'BLOCK_TIME_TOO_EARLY' } })
  })

  test('refuses an empty store', () => {
    expect(codeOf(loadLedger({ ...config, reader: new DumbStore() }))).toBe('STORE_DAMAGED')
  })

  const damages: readonly [string, (store: DumbStore) => void][] = [
    ['without the hash of its final block', (store) => delete store.canonical[17]],
    ['without its final block', (store) => store.blocks.delete(toHex(blockAt(17).hash))],
    ['without a block above the final one', (store) => store.blocks.delete(toHex(blockAt(19).hash))],
    ['without a block that the median needs', (store) => store.blocks.delete(toHex(blockAt(9).hash))],
    ['without a node of the log', (store) => store.nodes.delete('4/0')],
    ['with a wrong node of the log', (store) => store.nodes.set('4/0', new Uint8Array(32))],
    ['without the last node of the log', (store) => store.nodes.delete('0/16')],
    [
      'whose head is not on the chain',
      (store) => {
        store.canonical[20] = toHex(blockAt(5).hash)
      },
    ],
    [
      'with a block whose entries are not the next ones',
      (store) => {
        const other = buildNext(rules, chain[17] as Built, [0], {
          spoil: () => ({ height: blockAt(20).header.height }),
        })
        const { hash } = blockAt(19)
        const found = store.blocks.get(toHex(hash)) as StoredBlock
        const entries = other.block.entries.map((entry) => ({ ...entry, sequence: 99 }))
        store.blocks.set(toHex(hash), { ...found, block: { ...found.block, entries } })
      },
    ],
  ]
  test.each(damages)('reports a store %s as damaged', (_, damage) => {
    const store = stored()
    damage(store)
    expect(codeOf(loadLedger({ ...config, reader: store }))).toBe('STORE_DAMAGED')
  })

  test('does not keep the messages that blocks came in', () => {
    const harness = new LedgerHarness(rules)
    const { headerBytes, signature, bodyBytes, payloads } = blockAt(1)
    const message = concatBytes(headerBytes, new Uint8Array(1_000_000))
    const parts = { headerBytes: message.subarray(0, headerBytes.length), signature, bodyBytes, payloads }
    harness.receive(unwrap(parseBlock(parts, crypto)))
    harness.settle()
    const { header, hash } = harness.ledger.head
    expect(header).toEqual(blockAt(1).header)
    const kept = [hash, header.parent as Uint8Array, header.root, header.body, header.producer, header.seal]
    expect(Math.max(...kept.map((bytes) => bytes.buffer.byteLength))).toBe(32)
  })
})
