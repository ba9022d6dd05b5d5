import {
  blockSigningBytes,
  type Crypto,
  type EntryWithPayload,
  encodeHeader,
  type Hash,
  type Header,
  hashHeader,
  keyOf,
  parseBlock,
  toHex,
} from '@pulseledger/core'
import { testCrypto, testSigner } from '../../../core/test/support/crypto.ts'
import type { BlockStore } from '../../src/ports.ts'
import { MemoryDisk } from '../../src/store/memory/memory-disk.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { type StoreVerifyReport, type VerifyOptions, verifyStore } from '../../src/verify/verify-store.ts'
import { append, moveHead, store as storeBeside, type TestBlock, TestChain } from '../support/chain.ts'

/** A clock on which everything takes one ms: slices end, and always at the same places. */
function steppingClock(stepMs = 1): { now(): number } {
  let now = 0
  return {
    now: () => {
      now += stepMs
      return now
    },
  }
}

/** Remembers signatures that it has checked: tests verify the same blocks over and over. */
function rememberingCrypto(): Crypto {
  const { sha256, verify } = testCrypto()
  const known = new Map<string, boolean>()
  return {
    sha256,
    verify(publicKey, message, signature) {
      const name = Buffer.concat([publicKey, signature, message]).toString('latin1')
      const isValid = known.get(name) ?? verify(publicKey, message, signature)
      known.set(name, isValid)
      return isValid
    },
  }
}

const crypto = rememberingCrypto()

export function verify(store: BlockStore, options: Partial<VerifyOptions> = {}): Promise<StoreVerifyReport> {
  return verifyStore(store, { crypto, clock: steppingClock(), pause: () => Promise.resolve(), ...options })
}

/** The store with some answers of one's own. */
export function withAnswers(store: BlockStore, answers: Partial<BlockStore>): BlockStore {
  return {
    open: () => store.open(),
    close: () => store.close(),
    commit: (change) => store.commit(change),
    head: () => store.head(),
    canonicalHash: (height) => store.canonicalHash(height),
    block: (hash) => store.block(hash),
    blocksFrom: (height) => store.blocksFrom(height),
    nextSequence: (author) => store.nextSequence(author),
    entryById: (id) => store.entryById(id),
    entryIdByAuthor: (author, sequence) => store.entryIdByAuthor(author, sequence),
    entryIdByIndex: (index) => store.entryIdByIndex(index),
    payload: (id) => store.payload(id),
    treeNode: (level, index) => store.treeNode(level, index),
    pending: () => store.pending(),
    census: () => store.census(),
    authors: () => store.authors(),
    anchor: () => store.anchor(),
    faults: () => store.faults(),
    ...answers,
  }
}

export interface Fixture {
  readonly chain: TestChain
  /** Canonical blocks by height. */
  readonly blocks: readonly TestBlock[]
  /** Beside the chain: one that forked below the final block, and those that a reorg took off the chain. */
  readonly early: TestBlock
  readonly lost: readonly TestBlock[]
  readonly pending: readonly EntryWithPayload[]
  /** Entry 1 of block 9. */
  readonly erased: EntryWithPayload
}

/** Blocks 1..20 hold 3 entries each: ann, ben and, in turns, cleo or dan. */
const AUTHORS = ['ann', 'ben', 'cleo', 'dan'] as const

/**
 * A ledger with everything that verifying meets, committed to `store`: 20 blocks of four authors with final
 * depth 5, side block of height 3, a reorg of heights 18 and 19 to a longer branch that takes up one of the
 * lost entries, and two entries of the lost blocks that wait. What is erased is left to the caller.
 */
export async function fill(store: BlockStore, name = 'fixture'): Promise<Fixture> {
  const engine = { name: 'longest-chain', finalDepth: 5 }
  const chain = new TestChain(name, { document: { engine } })
  await store.commit(append(chain.genesis))
  let head = chain.genesis
  let early = chain.genesis
  for (let height = 1; height <= 17; height++) {
    if (height === 3) early = chain.block(head, ['ann', 'eve'])
    head = chain.block(head, ['ann', 'ben', AUTHORS[2 + (height % 2)] ?? 'cleo'])
    await store.commit(append(head))
    if (height === 3) await store.commit(storeBeside(early))
  }
  const carol = chain.entry('carol', 0)
  const carolNext = chain.entry('carol', 1)
  const dora = chain.entry('dora', 0)
  const lost18 = chain.block(head, [carol, dora])
  const lost19 = chain.block(lost18, [carolNext])
  await store.commit(append(lost18))
  await store.commit(append(lost19))
  const won18 = chain.block(head, ['ann', 'ben'])
  const won19 = chain.block(won18, [dora, 'ann'])
  const won20 = chain.block(won19, ['ben'])
  const pending = [carol, carolNext]
  await store.commit(moveHead(lost19, won20, [won18, won19, won20], { pendingAdd: pending }))

  const blocks: TestBlock[] = []
  for (let at: TestBlock | undefined = won20; at; at = at.parent) blocks.unshift(at)
  const { entries, payloads } = (blocks[9] as TestBlock).block
  const erased = { entry: entries[1], payload: payloads[1] } as EntryWithPayload
  return { chain, blocks, early, lost: [lost18, lost19], pending, erased }
}

export interface MemoryFixture extends Fixture {
  readonly store: MemoryStore
  readonly disk: MemoryDisk
}

export async function memoryFixture(): Promise<MemoryFixture> {
  const disk = new MemoryDisk()
  const store = new MemoryStore({ disk })
  await store.open()
  const fixture = await fill(store)
  disk.payloads.delete(keyOf(fixture.erased.entry.id))
  return { ...fixture, store, disk }
}

/** The same ledger in a store of its own. */
export async function copyOf({ disk }: MemoryFixture): Promise<MemoryStore> {
  const store = new MemoryStore({ disk: disk.copy() })
  await store.open()
  return store
}

/** As problems name a hash. */
export function shortHash(hash: Hash): string {
  return toHex(hash).slice(0, 8)
}

/** The block with another header, which its producer signed. */
export function reseal(chain: TestChain, made: TestBlock, change: Partial<Header>): TestBlock {
  const headerBytes = encodeHeader({ ...made.block.header, ...change })
  const hash = hashHeader(headerBytes, chain.crypto)
  const signature = testSigner('producer').sign(blockSigningBytes(chain.ledgerId, hash))
  const parsed = parseBlock({ ...made.block, headerBytes, signature }, chain.crypto)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return { ...made, block: parsed.value }
}
