import type { Multiaddr } from '@multiformats/multiaddr'
import { NODE_LIMITS } from '../../limits.ts'
import type { Clock, PeerId, Random } from '../../ports.ts'
import type { BookPeer } from './address-book.ts'
import { parseAddress, peerIdOf, withoutPeer, withPeer } from './addresses.ts'

/**
 * Whom to dial, and when. Three kinds of targets:
 *
 * - seeds, which the operator named: dialled for ever, whoever answers there. They need no peer id, which
 *   nobody knows of a node that was just made.
 * - known peers, from the address book and of this run: dialled for ever too, while we have fewer peers than
 *   we want.
 * - hearsay, which other peers or the local network told us of: the same, but forgotten after a few failures.
 *
 * A failed dial is repeated after a wait that doubles up to half a minute; chance takes up to half off, so
 * that nodes that lost each other do not all dial in the same moment. A lost peer is dialled at once.
 */
export type DialOutcome =
  /** It is a peer now. */
  | { readonly kind: 'peer'; readonly id: PeerId }
  /** We answered ourselves, through whatever name or port leads back here. */
  | { readonly kind: 'self' }
  /** Of another ledger, or we refuse it: not before `until`. */
  | { readonly kind: 'refused'; readonly until: number }
  | { readonly kind: 'failed' }

export interface PeerKeeperInit {
  readonly clock: Clock
  readonly random: Random
  readonly self: PeerId
  readonly seeds: readonly Multiaddr[]
  /** Peers beyond which none is dialled but the seeds. */
  readonly targetPeers: number
  /** Must not reject. All addresses are of one node. */
  readonly dial: (addresses: readonly Multiaddr[]) => Promise<DialOutcome>
}

interface Target {
  readonly kind: 'seed' | 'known' | 'hearsay'
  addresses: readonly Multiaddr[]
  /** Of a seed: whoever answered there last, or is known to be there. */
  id: PeerId | undefined
  failures: number
  nextAt: number
  isDialling: boolean
}

export class PeerKeeper {
  readonly #init: PeerKeeperInit
  readonly #seeds: Target[]
  readonly #others = new Map<PeerId, Target>()
  readonly #connected = new Set<PeerId>()
  #cancelTick: (() => void) | undefined
  #isStopped = false

  constructor(init: PeerKeeperInit) {
    this.#init = init
    this.#seeds = init.seeds.map((address) =>
      newTarget('seed', peerIdOf(address), [address], init.clock.now()),
    )
  }

  /** Begins to dial. */
  start(known: readonly BookPeer[]): void {
    for (const { id, addresses } of known) this.met(id, parsed(addresses))
    this.#tick()
  }

  /** Idempotent. Dials that run are abandoned. */
  stop(): void {
    this.#isStopped = true
    this.#cancelTick?.()
  }

  /** We are connected to this peer; it is not dialled. */
  connected(id: PeerId): void {
    this.#connected.add(id)
  }

  /** No connection to it is left: it is dialled at once. */
  gone(id: PeerId): void {
    if (!this.#connected.delete(id)) return
    for (const target of this.#targetsOf(id)) {
      target.failures = 0
      target.nextAt = this.#init.clock.now()
    }
  }

  /** It is not dialled before then. */
  refused(id: PeerId, until: number): void {
    for (const target of this.#targetsOf(id)) target.nextAt = Math.max(target.nextAt, until)
  }

  /** A peer of this ledger has these addresses, the best first. */
  met(id: PeerId, addresses: readonly Multiaddr[]): void {
    if (id === this.#init.self || addresses.length === 0) return
    const before = this.#others.get(id)
    const target = before?.kind === 'known' ? before : newTarget('known', id, [], this.#init.clock.now())
    target.addresses = addresses.slice(0, NODE_LIMITS.addressBookAddressesMax)
    this.#others.set(id, target)
    this.#name(target)
    this.#forgetSome()
  }

  /** Somebody says that nodes are there. Addresses without a peer id are left aside. */
  heard(addresses: readonly Multiaddr[]): void {
    for (const address of addresses) {
      const id = peerIdOf(address)
      if (id === undefined || id === this.#init.self || this.#connected.has(id)) continue
      const before = this.#others.get(id)
      const target = before ?? newTarget('hearsay', id, [], this.#init.clock.now())
      const plain = withoutPeer(address)
      if (target.addresses.some((other) => other.equals(plain))) continue
      if (target.addresses.length >= NODE_LIMITS.addressBookAddressesMax) continue
      target.addresses = [...target.addresses, plain]
      this.#others.set(id, target)
      this.#name(target)
    }
    this.#forgetSome()
  }

  /** How many peers could still be connected to. */
  get isFull(): boolean {
    return this.#connected.size >= this.#init.targetPeers
  }

  #tick(): void {
    if (this.#isStopped) return
    this.#cancelTick = this.#init.clock.after(NODE_LIMITS.peerKeepIntervalMs, () => this.#tick())
    const due = (target: Target): boolean => this.#isDue(target)
    for (const target of this.#seeds.filter(due)) this.#dial(target)
    // Known peers before hearsay; among equals chance decides, or else all nodes would gather around few.
    const others = this.#shuffled([...this.#others.values()].filter(due))
    others.sort((a, b) => Number(a.kind === 'hearsay') - Number(b.kind === 'hearsay'))
    for (const target of others) {
      const dialling = this.#diallingCount()
      if (this.#connected.size + dialling >= this.#init.targetPeers) break
      if (dialling >= NODE_LIMITS.peerDialsMax) break
      if (this.#isDue(target)) this.#dial(target)
    }
  }

  /** A seed and a known peer may be the same node: it is not dialled twice at a time. */
  #isDue({ id, nextAt, isDialling }: Target): boolean {
    if (isDialling || nextAt > this.#init.clock.now()) return false
    if (id === undefined) return true
    return !this.#connected.has(id) && ![...this.#targetsOf(id)].some((target) => target.isDialling)
  }

  #dial(target: Target): void {
    target.isDialling = true
    const { id, kind } = target
    // Whoever is at a seed now: its key may have changed with its directory.
    const isNamed = id !== undefined && kind !== 'seed'
    const addresses = isNamed ? target.addresses.map((address) => withPeer(address, id)) : target.addresses
    void this.#init.dial(addresses).then((outcome) => {
      target.isDialling = false
      if (!this.#isStopped) this.#dialled(target, outcome)
    })
  }

  #dialled(target: Target, outcome: DialOutcome): void {
    const now = this.#init.clock.now()
    switch (outcome.kind) {
      case 'peer':
        target.failures = 0
        if (target.kind === 'seed') target.id = outcome.id
        // If the connection is lost in this moment, not in a tight loop.
        target.nextAt = now + NODE_LIMITS.peerBackoffMinMs
        break
      case 'self':
        target.nextAt = now + NODE_LIMITS.peerForeignRetryMs
        break
      case 'refused':
        target.nextAt = outcome.until
        break
      case 'failed':
        this.#failed(target, now)
        break
    }
  }

  #failed(target: Target, now: number): void {
    target.failures += 1
    if (target.kind === 'hearsay' && target.failures >= NODE_LIMITS.peerHearsayTriesMax && target.id) {
      this.#others.delete(target.id)
      return
    }
    const doubled = NODE_LIMITS.peerBackoffMinMs * 2 ** Math.min(target.failures - 1, 16)
    const waitMs = Math.min(doubled, NODE_LIMITS.peerBackoffMaxMs)
    target.nextAt = now + waitMs - Math.floor((this.#chance() * waitMs) / 2)
  }

  *#targetsOf(id: PeerId): Iterable<Target> {
    const other = this.#others.get(id)
    if (other !== undefined) yield other
    for (const seed of this.#seeds) if (seed.id === id) yield seed
  }

  /** Seeds at an address of this peer are this peer, as far as we know. */
  #name({ id, addresses }: Target): void {
    for (const seed of this.#seeds) {
      seed.id ??= seed.addresses.some((at) => addresses.some((other) => at.equals(other))) ? id : undefined
    }
  }

  #diallingCount(): number {
    return [...this.#seeds, ...this.#others.values()].filter(({ isDialling }) => isDialling).length
  }

  /** What fails most goes first. */
  #forgetSome(): void {
    while (this.#others.size > NODE_LIMITS.addressBookPeersMax) {
      const rank = ({ kind, failures }: Target): number => failures + (kind === 'hearsay' ? 1_000 : 0)
      const [id] = [...this.#others].reduce((a, b) => (rank(b[1]) > rank(a[1]) ? b : a))
      this.#others.delete(id)
    }
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: this.#chance() }))
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
  }

  /** Uniform in [0, 1). */
  #chance(): number {
    const bytes = this.#init.random.bytes(4)
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32
  }
}

function newTarget(
  kind: Target['kind'],
  id: PeerId | undefined,
  addresses: readonly Multiaddr[],
  nextAt: number,
): Target {
  return { kind, addresses, id, failures: 0, nextAt, isDialling: false }
}

function parsed(addresses: readonly string[]): Multiaddr[] {
  return addresses.flatMap((text) => {
    const address = parseAddress(text)
    return address.ok ? [address.value] : []
  })
}
