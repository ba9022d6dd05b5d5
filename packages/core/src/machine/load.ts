import type { Block } from '../block/block.ts'
import { type GenesisDocument, genesisBlock } from '../block/genesis.ts'
import { equalBytes, type Hash, keyOf } from '../bytes.ts'
import type { Engine } from '../consensus/engine.ts'
import type { Crypto } from '../crypto.ts'
import type { EntryWithPayload } from '../entry/entry.ts'
import { LIMITS } from '../limits.ts'
import { peakCoordinates, rangeRoot } from '../log/compact-range.ts'
import { fail, ok, type Result } from '../result.ts'
import { growLog, sequenceSpans } from '../validation/block-on-parent.ts'
import { BlockTree, TreeBlock } from './block-tree.ts'
import type { ChainReader, Change, StoredBlock, WeighedBlock } from './change.ts'
import { Ledger, type LedgerConfig } from './ledger.ts'

/** The first change of every ledger: its genesis block becomes the head of an empty store. */
export function genesisChange(document: GenesisDocument, engine: Engine, crypto: Crypto): Change {
  const block = genesisBlock(document, crypto)
  const weighed = { block, weight: engine.weight(block.header) }
  const connect = [{ block, firstIndex: 0, nodes: [] }]
  return { blocks: [weighed], disconnect: [], connect, pendingAdd: [], pendingRemove: [] }
}

/** What loading needs of a store beyond what the running ledger reads. */
export interface LoadReader extends ChainReader {
  head(): { readonly height: number; readonly hash: Uint8Array } | undefined
  blocksFrom(height: number): Iterable<WeighedBlock>
  treeNode(level: number, index: number): Uint8Array | undefined
  pending(): Iterable<EntryWithPayload>
}

/**
 * The ledger as it was when the store was last written. Reads the blocks above the final one, of all
 * branches, so the time it takes does not grow with the chain. What was validated before it was stored is
 * not validated again, but for the root of the log; a record that is missing is STORE_DAMAGED.
 */
export function loadLedger(
  config: Omit<LedgerConfig, 'reader'> & { readonly reader: LoadReader },
): Result<Ledger> {
  const { reader, engine, crypto } = config
  const head = reader.head()
  if (head === undefined) return damaged('it has no head')
  const base = loadBase(reader, engine.finalHeight(head.height))
  if (!base.ok) return base

  const tree = new BlockTree(base.value, reader)
  for (let height = base.value.header.height + 1; height <= head.height; height++) {
    const stored = canonicalBlock(reader, height)
    if (!stored.ok) return stored
    for (const { author, sequence } of stored.value.block.entries) tree.knowSequence(keyOf(author), sequence)
  }
  for (const { block, weight } of reader.blocksFrom(base.value.header.height + 1)) {
    const parent = block.header.parent && tree.get(block.header.parent)
    if (!parent) continue // a branch that left below the final block
    const spans = sequenceSpans(block.entries, tree.viewOf(parent))
    if (!spans.ok) return damaged(`block ${block.header.height}: ${spans.error.message}`)
    const log = growLog(parent.range, block.entries, crypto)
    tree.add(block, weight, { ...log, spans: spans.value }, parent).fresh = undefined
  }
  const stored = tree.get(head.hash)
  if (stored === undefined) return damaged(`the head, block ${head.height}, is not on the chain`)
  // All that was read of the log is in this root. With another one the next block made here would be invalid.
  if (!equalBytes(rangeRoot(stored.range, crypto), stored.header.root)) {
    return damaged(`the log does not have the root that block ${head.height} gives it`)
  }
  return ok(new Ledger(config, tree, stored, reader.pending()))
}

function loadBase(reader: LoadReader, height: number): Result<TreeBlock> {
  const found = canonicalBlock(reader, height)
  if (!found.ok) return found
  const { block, weight } = found.value
  const peaks: Hash[] = []
  for (const { level, index } of peakCoordinates(0, block.header.size)) {
    const peak = reader.treeNode(level, index)
    if (peak === undefined) return damaged(`node ${level}/${index} of the log is missing`)
    peaks.push(peak)
  }
  const times = earlierTimes(reader, block, LIMITS.medianBlocks - 1)
  if (!times.ok) return times
  const range = { size: block.header.size, peaks }
  const base = new TreeBlock(block, weight, { range, nodes: [], spans: new Map() }, times.value)
  base.fresh = undefined
  return ok(base)
}

function canonicalBlock(reader: LoadReader, height: number): Result<StoredBlock> {
  const hash = reader.canonicalHash(height)
  const stored = hash && reader.block(hash)
  return stored ? ok(stored) : damaged(`block ${height} is missing`)
}

function earlierTimes(reader: ChainReader, block: Block, count: number): Result<number[]> {
  const times: number[] = []
  for (let at = block; at.header.parent !== null && times.length < count; ) {
    const parent = reader.block(at.header.parent)
    if (parent === undefined) return damaged(`block ${at.header.height - 1} is missing`)
    times.unshift(parent.block.header.time)
    at = parent.block
  }
  return ok(times)
}

function damaged(what: string): ReturnType<typeof fail> {
  return fail('STORE_DAMAGED', `the stored ledger is damaged: ${what}`)
}
