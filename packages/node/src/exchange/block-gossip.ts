/**
 * Announcements of blocks. A small block comes whole: it is checked here and handed to the ledger. Of a
 * larger one only the header comes: sync is told that the peer has it, and fetches the rest. In both cases
 * the verdict is given when the ledger has the block, durable, so that whoever hears of it from us can get
 * it here.
 *
 * A block whose parent is unknown says that we miss something: that too is for sync, unless the parent is one
 * that is being checked or fetched right now, as happens to blocks that are made in quick succession. Then
 * the ledger lets it wait for its parent.
 */
import {
  type Block,
  type BlockContents,
  decodeAnnouncement,
  type Engine,
  type ErrorCode,
  equalBytes,
  type Failure,
  fail,
  type Header,
  keyOf,
  type Result,
  type SignedHeader,
  verifySignedHeader,
} from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { PeerId } from '../ports.ts'
import { BoundedMap } from './bounded-map.ts'
import type { ContentsCheck } from './contents-check.ts'
import type { ExchangeInit } from './context.ts'
import type { Later, Verdict } from './gossip-gate.ts'
import type { Placements } from './placements.ts'

export interface BlockGossipInit
  extends Pick<ExchangeInit, 'ledger' | 'store' | 'rules' | 'clock' | 'crypto'> {
  readonly contents: ContentsCheck
  readonly placements: Placements
  /** Tells sync that this peer has this block. */
  readonly announced: (peer: PeerId, header: SignedHeader) => void
  /** A block of this peer is durable here and is passed on. */
  readonly accepted: (peer: PeerId, header: SignedHeader) => void
  /** Hands blocks to the ledger; `settle` is called when they are durable. */
  readonly received: (blocks: readonly Block[]) => void
}

/** A block is refused with these for what this node knows or does now; another node may take it. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BLOCK_TIME_AHEAD',
  'BLOCK_BELOW_FINAL',
  'BLOCK_WAITING_FULL',
  'BLOCK_PARENT_UNKNOWN',
])

export class BlockGossip {
  readonly #init: BlockGossipInit
  /** Blocks whose contents are being checked, and whether they were found good. */
  readonly #checking = new Map<string, Promise<boolean>>()
  /** Passed on already: a producer could sign one block in many ways, each a new message. */
  readonly #relayed = new BoundedMap<string, true>(NODE_LIMITS.relayedBlocksMax)

  constructor(init: BlockGossipInit) {
    this.#init = init
  }

  /** A block that was announced by us, or passed on. */
  published({ hash }: Pick<SignedHeader, 'hash'>): void {
    this.#relayed.set(keyOf(hash), true)
  }

  /** The ledger refused a block. */
  refused({ hash }: Block, error: Failure): void {
    this.#init.placements.decided(hash, PASSING.has(error.code) ? 'ignore' : error)
  }

  /** Something was stored. */
  settle(): void {
    this.#init.placements.settle((header) => this.#isDurable(header))
  }

  async check(message: Uint8Array, from: PeerId): Promise<Verdict | Later> {
    const { crypto, rules } = this.#init
    const decoded = decodeAnnouncement(message, crypto)
    if (!decoded.ok) return decoded.error
    const { header, contents } = decoded.value
    if (this.#relayed.has(keyOf(header.hash))) return 'ignore'

    const cheap = this.#checkCheaply(header)
    if (cheap !== undefined) return cheap
    const signed = verifySignedHeader(header, rules.ledgerId, crypto)
    if (!signed.ok) return signed.error

    return contents ? this.#whole(header, contents, from) : this.#headerOnly(header, from)
  }

  /** What can be said without a signature; undefined when nothing speaks against the block. */
  #checkCheaply(signed: SignedHeader): Verdict | undefined {
    const { header, hash } = signed
    const { ledger, rules, clock } = this.#init
    if (header.time > clock.now() + rules.document.limits.timeAhead) return 'ignore'
    if (ledger.find(hash)) return undefined
    if (header.height <= ledger.finalHeight) return 'ignore'
    const parent = header.parent && ledger.find(header.parent)
    const linked = parent ? checkLink(signed, parent.header, rules.engine) : rules.engine.verifyAlone(signed)
    return linked.ok ? undefined : linked.error
  }

  #headerOnly(header: SignedHeader, from: PeerId): Verdict | Later {
    const verdict = this.#placed(header, from)
    if (typeof verdict === 'object') this.#init.announced(from, header)
    return verdict
  }

  /** The contents are always checked: what is passed on is the message, with all that is in it. */
  async #whole(header: SignedHeader, contents: BlockContents, from: PeerId): Promise<Verdict | Later> {
    const key = keyOf(header.hash)
    // Others may send the same header with false contents: only a good one makes the next one needless.
    while (this.#checking.has(key)) if (await this.#checking.get(key)) return 'ignore'

    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#checking.set(key, promise)
    let isGood = false
    try {
      const checked = await this.#init.contents.check([{ header, contents }])
      isGood = checked.ok
      if (!checked.ok) return checked.fault.error
      const verdict = this.#placed(header, from)
      if (verdict === 'accept') return verdict
      if (this.#isExpected(header)) this.#init.received(checked.value)
      else this.#init.announced(from, header)
      return verdict
    } finally {
      this.#checking.delete(key)
      resolve(isGood)
    }
  }

  /** Accepts once the block is durable. */
  #placed(header: SignedHeader, from: PeerId): 'accept' | Later {
    if (this.#isDurable(header)) return this.#accept(header, from)
    const placed = this.#init.placements.verdict(header)
    return { later: placed.then((verdict) => (verdict === 'accept' ? this.#accept(header, from) : verdict)) }
  }

  #accept(header: SignedHeader, from: PeerId): 'accept' {
    this.published(header)
    this.#init.accepted(from, header)
    return 'accept'
  }

  /** Whether the ledger can place the block, now or when what is under way has come. */
  #isExpected({ hash, header: { parent } }: SignedHeader): boolean {
    const { ledger, placements } = this.#init
    if (ledger.find(hash) || parent === null || ledger.find(parent)) return true
    return this.#checking.has(keyOf(parent)) || placements.has(parent)
  }

  #isDurable({ hash, header }: SignedHeader): boolean {
    const { ledger, store } = this.#init
    if (!ledger.find(hash)) return false
    const canonical = store.canonicalHash(header.height)
    return (canonical && equalBytes(canonical, hash)) || store.block(hash) !== undefined
  }
}

/** What a header says of the step from its parent, without the entries themselves. */
function checkLink(signed: SignedHeader, parent: Header, engine: Engine): Result<undefined> {
  const { header } = signed
  if (header.height !== parent.height + 1) {
    return fail('BLOCK_HEIGHT_WRONG', `height ${header.height} on a parent of height ${parent.height}`)
  }
  return engine.verify(signed, { parent, entryCount: Math.max(0, header.size - parent.size) })
}
