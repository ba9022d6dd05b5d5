/**
 * What a hostile member shows of its chain to those who ask: the chain of an honest node up to some block,
 * and blocks of its own from there on. It answers as an honest node would; the attacks change the answers.
 */
import {
  type BlockContents,
  BodiesAnswer,
  decodeBodiesRequest,
  decodeHeadersRequest,
  encodeHeaders,
  encodeStatus,
  equalBytes,
  type Hash,
  keyOf,
  type PeerStatus,
  type SignedHeader,
} from '@pulseledger/core'
import type { MemoryDisk, RequestKind } from 'pulseledger/simulation'
import type { Forged } from './forge.ts'
import type { Tip } from './tip.ts'
import { heightOf } from './tools.ts'

/** Blocks of its own that a member still gives when it shows others already. */
const BLOCKS_KEPT = 128

export class Book {
  readonly #disk: () => MemoryDisk
  readonly #kept = new Map<string, BlockContents>()
  #base: Tip | undefined
  #branch: readonly Forged[] = []

  /** `disk`: of the honest node whose chain it shows. */
  constructor(disk: () => MemoryDisk) {
    this.#disk = disk
  }

  /** From now on its chain is that up to `base` and then `branch`. */
  show(base: Tip, branch: readonly Forged[]): void {
    this.#base = base
    this.#branch = branch
    for (const block of branch) this.keep(block)
  }

  /** The blocks of its own on the chain that it shows. */
  get branch(): readonly Forged[] {
    return this.#branch
  }

  /** More blocks on those. */
  extend(blocks: readonly Forged[]): void {
    if (this.#base) this.show(this.#base, [...this.#branch, ...blocks])
  }

  /** Gives the contents of this block to whoever asks for them. */
  keep({ hash, contents }: Forged): void {
    this.#kept.set(keyOf(hash), contents)
    if (this.#kept.size > BLOCKS_KEPT) this.#kept.delete(this.#kept.keys().next().value as string)
  }

  status(): PeerStatus {
    const last = this.#branch.at(-1)
    if (last !== undefined && this.#base !== undefined) {
      const { header, weight } = this.#base
      const count = this.#branch.length
      return { head: last.hash, height: header.height + count, weight: weight + BigInt(count) }
    }
    const disk = this.#disk()
    const head = disk.canonical.at(-1) as Hash
    const weight = disk.blocks.get(keyOf(head))?.weight ?? 1n
    return { head, height: heightOf(disk), weight }
  }

  /** What follows the first block of the locator that is on its chain. */
  headers(message: Uint8Array): SignedHeader[] {
    const request = decodeHeadersRequest(message)
    if (!request.ok) return []
    const { locator, countMax } = request.value
    for (const hash of locator) {
      const from = this.#indexOf(hash)
      if (from !== undefined) return this.headersFrom(from + 1, countMax)
    }
    return []
  }

  /** Those of its chain from this height on. */
  headersFrom(height: number, countMax: number): SignedHeader[] {
    const { blocks, canonical } = this.#disk()
    const honest = canonical.slice(height, this.#baseHeight + 1).flatMap((hash) => {
      const block = blocks.get(keyOf(hash))?.block
      return block ? [block] : []
    })
    const own = this.#branch.slice(Math.max(0, height - this.#baseHeight - 1))
    return [...honest, ...own].slice(0, countMax)
  }

  /** Of each block that was asked for; null for those that it has not. */
  contents(message: Uint8Array): (BlockContents | null)[] {
    const request = decodeBodiesRequest(message)
    if (!request.ok) return []
    return request.value.map((hash) => this.#kept.get(keyOf(hash)) ?? this.#honestContents(hash))
  }

  answer(kind: RequestKind, message: Uint8Array): Uint8Array {
    switch (kind) {
      case 'status':
        return encodeStatus(this.status())
      case 'headers':
        return encodeHeaders(this.headers(message))
      case 'bodies':
        return encodeContents(this.contents(message))
      case 'peers':
        return new Uint8Array(0)
    }
  }

  #honestContents(hash: Hash): BlockContents | null {
    const block = this.#disk().blocks.get(keyOf(hash))?.block
    if (block === undefined || block.header.height === 0) return null
    const payloads = block.payloads.filter((payload) => payload !== null)
    return { bodyBytes: block.bodyBytes, payloads }
  }

  /** Its place on the chain that is shown, by height. */
  #indexOf(hash: Hash): number | undefined {
    const own = this.#branch.findIndex((block) => equalBytes(block.hash, hash))
    if (own >= 0) return this.#baseHeight + 1 + own
    const { blocks, canonical } = this.#disk()
    const height = blocks.get(keyOf(hash))?.block.header.height
    if (height === undefined || height > this.#baseHeight) return undefined
    const there = canonical[height]
    return there && equalBytes(there, hash) ? height : undefined
  }

  get #baseHeight(): number {
    return this.#base?.header.height ?? heightOf(this.#disk())
  }
}

/** As many of them as an answer may have. */
export function encodeContents(items: readonly (BlockContents | null)[]): Uint8Array {
  const answer = new BodiesAnswer()
  for (const item of items) if (!answer.add(item)) break
  return answer.encode()
}
