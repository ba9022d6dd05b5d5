import type { Connection, IdentifyResult } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { decodeAddresses, encodeAddresses } from '@pulseledger/core'
import { NODE_LIMITS } from '../../limits.ts'
import { type Logger, NodeFailure, type PeerConnection, type PeerId } from '../../ports.ts'
import { mayTravel, parseAddress, peerIdOf, withoutPeer, withPeer } from './addresses.ts'

interface AddressExchangeInit {
  readonly self: PeerId
  /** Whether peers are asked and told. */
  readonly isOpen: boolean
  readonly logger: Logger
  readonly ownAddresses: () => readonly Multiaddr[]
  readonly peerIds: () => readonly PeerId[]
  readonly connectionsTo: (id: PeerId) => readonly Connection[]
  /** Asks a peer the question of `/peers/1`. */
  readonly ask: (id: PeerId, message: Uint8Array) => Promise<Uint8Array>
  readonly onHeard: (addresses: readonly Multiaddr[]) => void
}

/**
 * What peers tell one another about where nodes are. The question tells the addresses of the asker, the
 * answer those of the other peers of who is asked, so that a late joiner with one address is known to all,
 * and knows them, after one round trip. What is told is hearsay until a dial and a hello prove it.
 */
export class AddressExchange {
  readonly #init: AddressExchangeInit
  /** What connected nodes say of themselves. */
  readonly #identified = new Map<PeerId, readonly Multiaddr[]>()
  /** When each peer is to be asked. */
  readonly #askAt = new Map<PeerId, number>()

  constructor(init: AddressExchangeInit) {
    this.#init = init
  }

  /**
   * Without peer exchange a node is reached only where somebody said that it is: through the proxies of a
   * devnet.
   */
  identified({ peerId, listenAddrs }: IdentifyResult): void {
    if (!this.#init.isOpen) return
    const addresses = listenAddrs.slice(0, NODE_LIMITS.addressBookAddressesMax).map(withoutPeer)
    this.#identified.set(peerId.toString(), addresses)
  }

  forget(id: PeerId): void {
    this.#identified.delete(id)
    this.#askAt.delete(id)
  }

  /** Of a connected peer: what we dialled, then what it says of itself as far as that is of use here. */
  addressesOf(id: PeerId): Multiaddr[] {
    const connections = this.#init.connectionsTo(id)
    const dialled = connections.filter(({ direction }) => direction === 'outbound')
    const said = this.#identified.get(id) ?? []
    const useful = said.filter((address) =>
      connections.some(({ remoteAddr }) => mayTravel(address, remoteAddr)),
    )
    const all = [...dialled.map(({ remoteAddr }) => withoutPeer(remoteAddr)), ...useful]
    return all.filter((address, index) => all.findIndex((other) => other.equals(address)) === index)
  }

  /** The answer to a question. Errors: PEER_ANSWER_INVALID. */
  answer(message: Uint8Array, connection: Connection): Uint8Array {
    const { isOpen, peerIds } = this.#init
    if (!isOpen) return encodeAddresses([])
    const asker = connection.remotePeer.toString()
    this.#learn(message, connection, asker)
    const others = peerIds().filter((id) => id !== asker)
    return encodeAddresses(others.flatMap((id) => this.#tellable(this.addressesOf(id), id, connection)))
  }

  /** Asks those of these peers whose time has come: often at first, when a peer may just have met others. */
  askDue(peers: Iterable<PeerConnection>, now: number): void {
    if (!this.#init.isOpen) return
    for (const { id, connectedAt } of peers) {
      if (now < (this.#askAt.get(id) ?? connectedAt)) continue
      this.#askAt.set(id, now + Math.min(now - connectedAt, NODE_LIMITS.peerAskAddressesMs))
      void this.#ask(id)
    }
  }

  /** Never rejects. */
  async #ask(id: PeerId): Promise<void> {
    const { self, ask, connectionsTo, logger, ownAddresses } = this.#init
    const [connection] = connectionsTo(id)
    if (connection === undefined) return
    try {
      const own = this.#tellable(ownAddresses(), self, connection)
      this.#learn(await ask(id, encodeAddresses(own)), connection, undefined)
    } catch (error) {
      logger.debug({ peer: id, error }, 'a peer told no addresses')
    }
  }

  #tellable(addresses: readonly Multiaddr[], id: PeerId, connection: Connection): string[] {
    const useful = addresses.filter((address) => mayTravel(address, connection.remoteAddr))
    return useful
      .slice(0, NODE_LIMITS.peerAddressesToldMax)
      .map((address) => withPeer(address, id).toString())
  }

  /** `only`: the one node that may be spoken of. */
  #learn(message: Uint8Array, connection: Connection, only: PeerId | undefined): void {
    const decoded = decodeAddresses(message)
    if (!decoded.ok) throw new NodeFailure('PEER_ANSWER_INVALID', decoded.error.message)
    const heard = decoded.value.flatMap((text) => {
      const address = parseAddress(text)
      return address.ok && mayTravel(address.value, connection.remoteAddr) ? [address.value] : []
    })
    this.#init.onHeard(heard.filter((address) => only === undefined || peerIdOf(address) === only))
  }
}
