/** Blocks with real work in them, made at once: how long the work would have taken is for others to say. */
import {
  type Engine,
  type EntryWithPayload,
  encodeHeader,
  type Header,
  invariant,
  type Signer,
  withNonce,
  workPrefix,
} from '@pulseledger/core'
import { type Forged, forgeBlock } from '../byzantine/forge.ts'
import type { Tip } from '../byzantine/tip.ts'
import type { Workshop } from '../byzantine/tools.ts'
import type { SimMiner } from '../node/sim-miner.ts'

export interface Smithy {
  readonly shop: Workshop
  readonly engine: Engine
  readonly producer: Signer
  readonly miner: Pick<SimMiner, 'search'>
}

/** A valid block on this tip, if the entries are valid there; at least one. */
export function forgeWork(tip: Tip, items: readonly EntryWithPayload[], smithy: Smithy): Forged {
  const { shop, engine, producer, miner } = smithy
  const seal = (header: Header): Header => {
    const { time } = header
    const template = { parent: tip.header, producer: producer.publicKey, entryCount: items.length, time }
    const prepared = engine.prepare(template)
    invariant(prepared?.kind === 'work', 'a block with entries takes work')
    const drafted = { ...header, seal: prepared.seal }
    const prefix = workPrefix({ header: drafted, headerBytes: encodeHeader(drafted) })
    const { nonce } = miner.search({ prefix, target: prepared.target })
    return { ...drafted, seal: withNonce(prepared.seal, nonce) }
  }
  const block = forgeBlock(tip, items, shop, { producer, change: seal })
  return { ...block, tip: { ...block.tip, weight: tip.weight + engine.weight(block.header) } }
}
