/**
 * Answers what peers ask: our status, headers after a block that both have, the contents of blocks. Reads the
 * store only, so that nothing is told before it is durable, and sends bytes as they are stored.
 *
 * What one peer can make us do is bounded: by its allowance of requests, by how many are answered at the same
 * time, and by the size of an answer. Long answers are gathered in slices.
 */
import {
  type Block,
  BodiesAnswer,
  decodeBodiesRequest,
  decodeHeadersRequest,
  decodeStatus,
  encodeHeaders,
  encodeStatus,
  equalBytes,
  type Hash,
  invariant,
  type PeerStatus,
  type Result,
  type SignedHeader,
} from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import { type BlockStore, NodeFailure, type PeerId, type RequestKind } from '../ports.ts'
import type { Conduct } from './conduct.ts'
import type { ExchangeInit } from './context.ts'
import { contentsOf } from './publisher.ts'
import { Slice } from './slice.ts'

export interface ServerInit extends Pick<ExchangeInit, 'store' | 'clock' | 'pause'> {
  readonly conduct: Conduct
  /** A peer told its status with its question. */
  readonly onStatus: (peer: PeerId, status: PeerStatus) => void
}

export class Server {
  readonly #init: ServerInit
  readonly #busy = new Map<PeerId, number>()
  #status: PeerStatus | undefined

  constructor(init: ServerInit) {
    this.#init = init
  }

  /** Our chain as far as it is durable. */
  status(): PeerStatus {
    const { store } = this.#init
    const head = store.head()
    invariant(head, 'a running node has a head')
    if (this.#status === undefined || !equalBytes(this.#status.head, head.hash)) {
      const { weight } = need(store, head.hash)
      this.#status = { head: head.hash, height: head.height, weight }
    }
    return this.#status
  }

  /** Rejects with a NodeFailure when the peer gets no answer. */
  async onRequest(kind: RequestKind, message: Uint8Array, from: PeerId): Promise<Uint8Array> {
    if (!this.#init.conduct.allowsRequest(from)) throw new NodeFailure('PEER_FLOOD', 'too many requests')
    const busy = this.#busy.get(from) ?? 0
    if (busy >= NODE_LIMITS.peerServedMax) throw new NodeFailure('PEER_FLOOD', 'too many requests at once')
    this.#busy.set(from, busy + 1)
    try {
      return await this.#answer(kind, message, from)
    } finally {
      const left = (this.#busy.get(from) ?? 1) - 1
      if (left === 0) this.#busy.delete(from)
      else this.#busy.set(from, left)
    }
  }

  async #answer(kind: RequestKind, message: Uint8Array, from: PeerId): Promise<Uint8Array> {
    switch (kind) {
      case 'status':
        this.#init.onStatus(from, this.#checked(decodeStatus(message), from))
        return encodeStatus(this.status())
      case 'headers': {
        const { locator, countMax } = this.#checked(decodeHeadersRequest(message), from)
        return encodeHeaders(await this.#headers(locator, countMax))
      }
      case 'bodies':
        return this.#bodies(this.#checked(decodeBodiesRequest(message), from))
      case 'peers':
        throw new NodeFailure('PEER_REFUSED', 'the network answers this itself')
    }
  }

  #checked<T>(decoded: Result<T>, from: PeerId): T {
    if (decoded.ok) return decoded.value
    const { error } = decoded
    this.#init.conduct.fault(from, error)
    throw new NodeFailure(error.code, error.message)
  }

  /** Those after the first block of the locator that is on our chain; none when there is no such block. */
  async #headers(locator: readonly Hash[], countMax: number): Promise<SignedHeader[]> {
    const { store, clock, pause } = this.#init
    const slice = new Slice(clock, pause)
    const headers: SignedHeader[] = []
    let last: Block | undefined
    for (const hash of locator) {
      const stored = store.block(hash)
      if (stored?.canonical) last = stored.block
      if (last) break
      if (slice.isOver) await slice.next()
    }
    while (last && headers.length < countMax) {
      const next = nextOf(store, last)
      if (next === undefined) break
      const { header, headerBytes, hash, signature } = next
      headers.push({ header, headerBytes, hash, signature })
      last = next
      if (slice.isOver) await slice.next()
    }
    return headers
  }

  async #bodies(hashes: readonly Hash[]): Promise<Uint8Array> {
    const { store, clock, pause } = this.#init
    const slice = new Slice(clock, pause)
    const answer = new BodiesAnswer(NODE_LIMITS.bodiesAnswerBytesMax)
    for (const hash of hashes) {
      const stored = store.block(hash)
      // Genesis is known to whoever speaks this protocol, and its body is no list of entries.
      const contents = stored && stored.block.header.height > 0 ? contentsOf(stored.block) : null
      if (!answer.add(contents)) break
      if (slice.isOver) await slice.next()
    }
    return answer.encode()
  }
}

/** The block after `last`, unless a reorg took `last` away meanwhile. */
function nextOf(store: BlockStore, last: Block): Block | undefined {
  const hash = store.canonicalHash(last.header.height + 1)
  const next = hash && store.block(hash)?.block
  return next?.header.parent && equalBytes(next.header.parent, last.hash) ? next : undefined
}

function need(store: BlockStore, hash: Hash): { readonly weight: bigint } {
  const stored = store.block(hash)
  invariant(stored, 'the head is stored')
  return stored
}
