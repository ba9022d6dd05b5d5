import { readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { isSendableAddress } from '@pulseledger/core'
import { NODE_LIMITS } from '../../limits.ts'
import type { Clock, Logger, PeerId } from '../../ports.ts'
import { parseAddress, peerIdOf } from './addresses.ts'

/**
 * The nodes of this ledger that we were connected to, for the next start. A small JSON file that an operator
 * may read, correct and delete:
 *
 *     {"version":1,"peers":[{"id":"12D3KooW...","addresses":["/ip4/10.0.0.2/tcp/7400"],"seenAt":17672256}]}
 *
 * It is written to another name and renamed, so that a crash leaves the old file or the new one. It is not
 * synced: what a power cut takes is learned again. One that cannot be read is set aside and never fatal.
 */
export interface BookPeer {
  readonly id: PeerId
  /** Multiaddrs without the peer, at most `addressBookAddressesMax`, the last one that worked first. */
  readonly addresses: readonly string[]
  readonly seenAt: number
}

interface AddressBookInit {
  /** Undefined: nothing is kept. */
  readonly path: string | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export class AddressBook {
  readonly #init: AddressBookInit
  readonly #peers = new Map<PeerId, BookPeer>()
  #cancelWrite: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(init: AddressBookInit) {
    this.#init = init
  }

  async open(): Promise<void> {
    const { path, logger } = this.#init
    if (path === undefined) return
    try {
      const { size } = await stat(path)
      if (size > NODE_LIMITS.addressBookBytesMax) throw new Error(`it has ${size} bytes`)
      for (const peer of parseBook(await readFile(path, 'utf8'))) this.#peers.set(peer.id, peer)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      logger.warn({ path, error }, 'set the address book aside: it cannot be read')
      await rename(path, `${path}.damaged`).catch(() => {})
    }
  }

  /** What changed is written. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#cancelWrite !== undefined) this.#writeNow()
    await this.#writing
  }

  peers(): BookPeer[] {
    return [...this.#peers.values()]
  }

  /** We are connected to this node, and these are its addresses, the best first. */
  met(id: PeerId, addresses: readonly string[]): void {
    const kept = addresses.filter(isSendableAddress).slice(0, NODE_LIMITS.addressBookAddressesMax)
    if (kept.length === 0) return
    this.#peers.set(id, { id, addresses: kept, seenAt: this.#init.clock.now() })
    if (this.#peers.size > NODE_LIMITS.addressBookPeersMax) {
      const oldest = [...this.#peers.values()].reduce((a, b) => (b.seenAt < a.seenAt ? b : a))
      this.#peers.delete(oldest.id)
    }
    this.#changed()
  }

  #changed(): void {
    if (this.#init.path === undefined || this.#isClosed) return
    this.#cancelWrite ??= this.#init.clock.after(NODE_LIMITS.addressBookWriteMs, () => this.#writeNow())
  }

  #writeNow(): void {
    const { path, logger } = this.#init
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
    if (path === undefined) return
    const text = `${JSON.stringify({ version: 1, peers: this.peers() })}\n`
    this.#writing = this.#writing.then(async () => {
      const unfinished = `${path}.unfinished`
      try {
        await writeFile(unfinished, text, { mode: 0o600 })
        await rename(unfinished, path)
      } catch (error) {
        logger.warn({ path, error }, 'could not write the address book')
        await unlink(unfinished).catch(() => {})
      }
    })
  }
}

/** Throws an Error that says what is wrong. */
function parseBook(text: string): BookPeer[] {
  const book: unknown = JSON.parse(text)
  if (!hasExactly(book, ['version', 'peers']) || book.version !== 1 || !Array.isArray(book.peers)) {
    throw new Error('it is not an address book of version 1')
  }
  if (book.peers.length > NODE_LIMITS.addressBookPeersMax)
    throw new Error(`it has ${book.peers.length} peers`)
  return book.peers.map(parsePeer)
}

function parsePeer(peer: unknown): BookPeer {
  if (!hasExactly(peer, ['id', 'addresses', 'seenAt'])) throw new Error('a peer has other fields')
  const { id, addresses, seenAt } = peer
  const named = typeof id === 'string' ? parseAddress(`/ip4/0.0.0.0/tcp/1/p2p/${id}`) : undefined
  if (typeof id !== 'string' || !named?.ok || peerIdOf(named.value) !== id) {
    throw new Error('a peer has no valid id')
  }
  if (!Array.isArray(addresses) || addresses.length > NODE_LIMITS.addressBookAddressesMax) {
    throw new Error(`the addresses of ${id} are not a short list`)
  }
  for (const address of addresses) {
    if (typeof address !== 'string' || !parseAddress(address).ok)
      throw new Error(`${id} has no valid address`)
  }
  if (!Number.isSafeInteger(seenAt)) throw new Error(`${id} has no valid time`)
  return { id, addresses: addresses as string[], seenAt: seenAt as number }
}

function hasExactly<K extends string>(value: unknown, keys: readonly K[]): value is Record<K, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  const own = Object.keys(value)
  return own.length === keys.length && keys.every((key) => own.includes(key))
}
