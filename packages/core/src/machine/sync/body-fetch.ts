/**
 * Bodies in parallel: which block is asked of whom. From the front of the queue, within a window, each free
 * peer gets the next run of blocks that nobody was asked for; fast peers get longer runs than slow ones. The
 * front is what everything waits for: when it is late it is asked of a second peer too, whoever is first
 * wins, and a chain whose front nobody has is given up.
 */
import { type Block, blockBytes } from '../../block/block.ts'
import { equalBytes } from '../../bytes.ts'
import type { Item } from './item.ts'
import type { Peer } from './peer-table.ts'
import type { BodiesRequest } from './requests.ts'
import type { SyncState } from './sync-state.ts'

/** Questions for the same block at a time. */
const FRONT_REQUESTS_MAX = 2
/** Blocks that are not worth sharing out among several peers. */
const SHARE_MIN = 8
/** Bytes of a usual entry with its payload, to guess those of a block by the number of its entries. */
const ENTRY_BYTES = 260

export class BodyFetch {
  readonly #state: SyncState

  constructor(state: SyncState) {
    this.#state = state
  }

  answered(request: BodiesRequest, blocks: readonly (Block | null)[]): void {
    const state = this.#state
    const peer = state.peers.get(request.peer)
    if (peer === undefined) return
    const isWrong = blocks.some((block, i) => {
      const item = request.items[i]
      return item === undefined || (block !== null && !equalBytes(block.hash, item.header.hash))
    })
    if (isWrong) {
      state.disconnectFor(peer.id, 'PEER_ANSWER_INVALID', 'the peer sent blocks that were not asked for')
      return
    }
    let givenCount = 0
    let givenBytes = 0
    for (const [i, block] of blocks.entries()) {
      if (block === null) continue
      givenCount += 1
      givenBytes += blockBytes(block)
      const item = request.items[i] as Item
      if (item.isWanted && item.body === undefined) state.gotBody(item, block, peer.id)
    }
    const isAll = givenCount === request.items.length
    const isFull = isAll && (givenCount >= peer.batch || givenBytes >= peer.batchBytes / 2)
    if (givenCount > 0) {
      peer.answeredBodies(givenCount, state.now - request.sentAt, isFull)
      peer.batch = Math.min(peer.batch, state.limits.bodiesPerRequest)
      peer.batchBytes = Math.min(peer.batchBytes, state.limits.bodiesAnswerBytesMax)
    }
    const missing = request.items[blocks.indexOf(null)]
    if (missing) this.#lacks(peer, request, missing)
    else if (blocks.length === 0) state.stalled(peer, 'an answer without a block')
  }

  /** Announced blocks, then the front if it is late, then what comes after it. */
  ask(): void {
    this.#askAnnounced()
    const { queue } = this.#state
    const { front } = queue
    if (front === undefined) return
    if (front.body === undefined && front.requestCount === 0 && !this.#canBeHad(front)) {
      this.#state.dropQueue()
      return
    }
    this.#askFrontAgain(front)
    this.#fill()
  }

  /** When the front is asked of a second peer; undefined when that is not to come. */
  get patienceEndsAt(): number | undefined {
    const { front } = this.#state.queue
    if (front === undefined || front.body || front.requestCount !== 1) return undefined
    return front.askedAt + this.#state.limits.frontPatienceMs
  }

  #lacks(peer: Peer, request: BodiesRequest, item: Item): void {
    const state = this.#state
    const { queue } = state
    if (request.epoch === undefined) item.lackers.add(peer.id)
    else peer.lacks = { epoch: request.epoch, height: item.height }
    const isSource = item.headerFrom === peer.id
    if (request.epoch === queue.epoch && item.isWanted && item.body === undefined && isSource) {
      state.claimFailed(peer, peer.claim, `has no body for block ${item.height}, whose header it gave`)
    }
  }

  #canBeHad(item: Item): boolean {
    const { peers, queue } = this.#state
    return [...peers.values()].some((peer) => !peer.diverged && peer.mayHave(item.height, queue.epoch))
  }

  #canTake(peer: Peer): boolean {
    return this.#state.isFree(peer) && peer.bodyRequestCount < this.#state.limits.bodyRequestsPerPeer
  }

  #askAnnounced(): void {
    const state = this.#state
    for (const item of [...state.announced.values()]) {
      if (item.body || item.requestCount > 0) continue
      const holders = [...state.peers.values()].filter(
        ({ id, claim }) =>
          !item.lackers.has(id) && (item.announcers.has(id) || (claim && claim.height >= item.height)),
      )
      if (holders.length === 0) {
        state.announced.delete(item.key)
        for (const id of item.announcers) {
          const announcer = state.peers.get(id)
          if (announcer) state.statusSoon(announcer)
        }
        continue
      }
      const able = holders.filter((peer) => this.#canTake(peer))
      const peer = able.find(({ id }) => item.announcers.has(id)) ?? able[0]
      if (peer) state.askBodies(peer, [item], undefined)
    }
  }

  /** The front is late, and everything waits for it: a second peer is asked for what the first one owes. */
  #askFrontAgain(front: Item): void {
    const state = this.#state
    const { queue, now } = state
    const endsAt = this.patienceEndsAt
    if (endsAt === undefined || endsAt > now) return
    const asked = [...state.requests].find(
      (request) => request.kind === 'bodies' && request.items.includes(front),
    ) as BodiesRequest
    const other = this.#takers().find((peer) => peer.id !== asked.peer && this.#mayServe(peer, front))
    if (other === undefined) return
    state.peers.get(asked.peer)?.slowDown()
    const owed = queue.items
      .slice(0, other.batch)
      .filter((item) => asked.items.includes(item) && !item.body && item.requestCount < FRONT_REQUESTS_MAX)
    const reach = owed.filter((item) => this.#mayServe(other, item))
    state.askBodies(other, reach, queue.epoch)
  }

  #mayServe(peer: Peer, item: Item): boolean {
    return (
      peer.claim !== undefined && peer.diverged === undefined && peer.mayHave(item.height, this.#queueEpoch)
    )
  }

  get #queueEpoch(): number {
    return this.#state.queue.epoch
  }

  /** Those who can be asked: first who would answer first, by what is known of them. */
  #takers(): Peer[] {
    const wait = ({ bodyRequestCount, msPerBlock }: Peer) => (bodyRequestCount + 1) * msPerBlock
    return [...this.#state.peers.values()]
      .filter((peer) => this.#canTake(peer))
      .sort((a, b) => wait(a) - wait(b) || a.bodyRequestCount - b.bodyRequestCount)
  }

  #fill(): void {
    const state = this.#state
    const { queue, limits } = state
    const isFull = queue.bytesCount >= limits.bodiesBytesMax
    const window = queue.items.slice(0, isFull ? 1 : limits.bodiesAheadMax)
    let wanted = window.filter((item) => item.body === undefined && item.requestCount === 0)
    const share = Math.max(SHARE_MIN, Math.ceil(wanted.length / Math.max(1, this.#takers().length)))
    for (let hasAsked = true; hasAsked && wanted.length > 0; ) {
      hasAsked = false
      for (const peer of this.#takers()) {
        const run = this.#run(peer, wanted, Math.min(peer.batch, share, limits.bodiesPerRequest))
        if (run.length === 0) continue
        state.askBodies(peer, run, queue.epoch)
        wanted = wanted.filter((item) => item.requestCount === 0)
        hasAsked = true
        break
      }
    }
  }

  /** The first blocks in a row that the peer may have, about as many as fit its answer. */
  #run(peer: Peer, wanted: readonly Item[], countMax: number): Item[] {
    const run: Item[] = []
    let bytesCount = 0
    for (const item of wanted) {
      const last = run.at(-1)
      if (run.length >= countMax || (last && item.height !== last.height + 1)) break
      if (!this.#mayServe(peer, item)) break
      bytesCount += item.entryCount * ENTRY_BYTES
      if (last && bytesCount > peer.batchBytes) break
      run.push(item)
    }
    return run
  }

  /** Hands to the ledger what is complete: announced blocks, then the front of the queue. */
  feed(): void {
    const state = this.#state
    for (const item of [...state.announced.values()]) {
      if (item.body === undefined || state.feeds.size >= state.limits.feedsMax) continue
      state.announced.delete(item.key)
      const { parent } = item.header.header
      const place = parent && state.lookup(parent)?.place
      if (place === 'chain' || place === 'fed') state.feed([item])
    }
    while (state.feeds.size < state.limits.feedsMax) {
      const count = this.#completeCount()
      if (count === 0) return
      state.feed(state.queue.shift(count))
    }
  }

  /** Blocks at the front that are complete and fit one feed; one at least when the first is complete. */
  #completeCount(): number {
    let count = 0
    let bytesCount = 0
    for (const { body } of this.#state.queue.items) {
      if (body === undefined) break
      bytesCount += blockBytes(body.block)
      if (count > 0 && bytesCount > this.#state.limits.feedBytesMax) break
      count += 1
    }
    return count
  }
}
