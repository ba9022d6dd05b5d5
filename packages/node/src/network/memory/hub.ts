import { type Hash, invariant, toHex } from '@pulseledger/core'
import type { Clock, PeerId, Random } from '../../ports.ts'
import { type Link, MemoryNetwork } from './network.ts'

/**
 * A network within one process: the wires between `MemoryNetwork`s, with their faults. It is made for
 * simulations, so everything happens on the Clock in the order of the calls, chance comes from `random`
 * alone, and there is no other source of either: the same calls and the same seed give the same run.
 *
 * A wire is wanted for ever once `connect` asked for it, like a static peer of a real node. It is up while
 * both ends run, neither refuses the other and it is not cut. A cut loses messages at once and silently; the
 * ends notice `noticeMs` later, as a real node does by its pings, and connect again `redialMs` after the cut
 * is healed. The end of a node is noticed after one latency, as the reset of its sockets would be.
 */
export interface MemoryHubInit {
  readonly clock: Clock
  /** Needed for loss and for a range of latencies. */
  readonly random?: Random
  /**
   * From sending to receiving; a pair is a range, uniform, so that messages overtake each other. 1 by
   * default.
   */
  readonly latencyMs?: number | readonly [number, number]
  /** Share of messages that are lost, 0 <= share < 1: gossip, requests and answers. */
  readonly lossShare?: number
  /** From a cut to both ends knowing of it. 8 s by default, which was measured with libp2p. */
  readonly noticeMs?: number
  /** From a healed cut, or the start of an end, to the wire being up. 1 s by default for a heal. */
  readonly redialMs?: number
  /** Decides the fate of each message, in the place of `latencyMs` and `lossShare`. */
  readonly weather?: Weather
}

export interface Weather {
  /**
   * After how many ms each copy of a message arrives: none when it is lost, several when it is duplicated. To
   * be called once for each message.
   */
  arrivals(from: PeerId, to: PeerId): readonly number[]
}

export interface MemoryNode {
  readonly ledgerId: Hash
  readonly publicKey: Uint8Array
  /** What others see it as; `memory-1:7400` and so on by default. */
  readonly address?: string
  /**
   * Its own clock; the hub's by default. All that happens at this node is a task of its clock, which may be
   * wrong, and may stand still as that of a stopped process does.
   */
  readonly clock?: Clock
}

/** Anything that has the id of a node: a network, or an object that names one which is down. */
export type NodeName = { readonly self: PeerId }

interface Wire {
  readonly dialler: PeerId
  readonly listener: PeerId
  link: Link | undefined
  isDialling: boolean
}

export class MemoryHub {
  readonly clock: Clock
  readonly #init: MemoryHubInit
  readonly #nodes = new Map<PeerId, MemoryNetwork>()
  readonly #wires = new Map<string, Wire>()
  /** `a>b` where what a sends to b is lost. */
  readonly #cuts = new Set<string>()
  /** `a>b` where b does not hear the gossip of a. */
  readonly #deaf = new Set<string>()
  #lossShare: number
  #joinedCount = 0

  constructor(init: MemoryHubInit) {
    const { lossShare = 0, latencyMs = 1, random } = init
    invariant(
      random !== undefined || (lossShare === 0 && typeof latencyMs === 'number'),
      'chance has a source',
    )
    this.clock = init.clock
    this.#init = init
    this.#lossShare = lossShare
  }

  /**
   * A node on this network; its wires come up when it starts. Joining again with the same key takes the place
   * of the earlier one, which must be stopped: it is how a node restarts.
   */
  join({ ledgerId, publicKey, address, clock = this.clock }: MemoryNode): MemoryNetwork {
    const self = toHex(publicKey)
    invariant(!this.#nodes.get(self)?.isUp, `${self} is stopped before it joins again`)
    this.#joinedCount += 1
    const name = address ?? this.#nodes.get(self)?.address ?? `memory-${this.#joinedCount}:7400`
    const network = new MemoryNetwork({ hub: this, clock, ledgerId, publicKey, self, address: name })
    this.#nodes.set(self, network)
    return network
  }

  /** From now on `dialler` keeps a connection to `listener`. */
  connect(dialler: NodeName, listener: NodeName): void {
    invariant(dialler.self !== listener.self, 'a node does not connect to itself')
    const key = pairOf(dialler.self, listener.self)
    const wire = this.#wires.get(key) ?? newWire(dialler.self, listener.self)
    this.#wires.set(key, wire)
    this.#dial(wire)
  }

  /** Nothing gets from one to the other any more, in both directions. */
  cut(a: NodeName, b: NodeName): void {
    this.cutOneWay(a, b)
    this.cutOneWay(b, a)
  }

  /** What `from` sends to `to` is lost; the other direction works until both notice. */
  cutOneWay(from: NodeName, to: NodeName): void {
    this.#cuts.add(`${from.self}>${to.self}`)
    const wire = this.#wires.get(pairOf(from.self, to.self))
    const link = wire?.link
    if (wire === undefined || link === undefined) return
    this.clock.after(this.#init.noticeMs ?? 8_000, () => {
      if (wire.link === link && this.#isCut(wire)) this.#drop(wire)
    })
  }

  /** Both directions work again. */
  heal(a: NodeName, b: NodeName): void {
    this.#cuts.delete(`${a.self}>${b.self}`)
    this.#cuts.delete(`${b.self}>${a.self}`)
    const wire = this.#wires.get(pairOf(a.self, b.self))
    if (wire !== undefined) this.#dialAfter(wire, this.#init.redialMs ?? 1_000)
  }

  healAll(): void {
    this.#cuts.clear()
    for (const wire of this.#wires.values()) this.#dialAfter(wire, this.#init.redialMs ?? 1_000)
  }

  /** From now on gossip does not get from one to the other, and `from` knows it; all else does. */
  loseGossip(from: NodeName, to: NodeName): void {
    this.#deaf.add(`${from.self}>${to.self}`)
  }

  /** From now on. 0 <= share < 1. */
  setLoss(share: number): void {
    invariant(share === 0 || this.#init.random !== undefined, 'chance has a source')
    this.#lossShare = share
  }

  // What follows is for MemoryNetwork.

  /** Its wires come up. */
  started({ self }: MemoryNetwork): void {
    for (const wire of this.#wiresOf(self)) this.#dial(wire)
  }

  /** Its wires go down; the other ends learn of it. */
  stopped({ self }: MemoryNetwork): void {
    for (const wire of this.#wiresOf(self)) this.#drop(wire)
  }

  isDeaf(from: PeerId, to: PeerId): boolean {
    return this.#deaf.has(`${from}>${to}`)
  }

  /** Takes the wire down; it comes up again when neither end refuses the other. */
  hangUp(a: PeerId, b: PeerId): void {
    const wire = this.#wires.get(pairOf(a, b))
    if (wire === undefined) return
    this.#drop(wire)
    this.#dial(wire)
  }

  /** Runs `deliver` at the other end, unless the message is lost on the way. */
  send(link: Link, from: PeerId, to: PeerId, deliver: () => void): void {
    const direction = `${from}>${to}`
    if (this.#cuts.has(direction)) return
    const clock = this.#nodes.get(to)?.clock ?? this.clock
    for (const delayMs of this.#arrivals(from, to)) {
      clock.after(delayMs, () => {
        if (link.isUp && !this.#cuts.has(direction)) deliver()
      })
    }
  }

  #wiresOf(id: PeerId): Wire[] {
    return [...this.#wires.values()].filter(({ dialler, listener }) => dialler === id || listener === id)
  }

  #isCut({ dialler, listener }: Wire): boolean {
    return this.#cuts.has(`${dialler}>${listener}`) || this.#cuts.has(`${listener}>${dialler}`)
  }

  #dial(wire: Wire): void {
    this.#dialAfter(wire, 2 * this.#latencyMs())
  }

  /** A wire that cannot come up waits for what would let it: a start, a heal, or the end of a ban. */
  #dialAfter(wire: Wire, delayMs: number): void {
    if (wire.isDialling || wire.link !== undefined) return
    wire.isDialling = true
    this.clock.after(delayMs, () => {
      wire.isDialling = false
      this.#establish(wire)
    })
  }

  #establish(wire: Wire): void {
    const dialler = this.#nodes.get(wire.dialler)
    const listener = this.#nodes.get(wire.listener)
    if (!dialler?.isUp || !listener?.isUp || wire.link !== undefined || this.#isCut(wire)) return
    const leftMs = Math.max(dialler.refusesForMs(listener.self), listener.refusesForMs(dialler.self))
    if (leftMs > 0) {
      this.#dialAfter(wire, leftMs)
      return
    }
    if (toHex(dialler.ledgerId) !== toHex(listener.ledgerId)) {
      dialler.meetForeign(listener)
      listener.meetForeign(dialler)
      return
    }
    const link: Link = { isUp: true }
    wire.link = link
    this.#at(dialler, link, () => dialler.linkUp(listener, link, 'outbound'))
    this.#at(listener, link, () => listener.linkUp(dialler, link, 'inbound'))
  }

  #drop(wire: Wire): void {
    const { link } = wire
    if (link === undefined) return
    wire.link = undefined
    link.isUp = false
    for (const [id, other] of [
      [wire.dialler, wire.listener],
      [wire.listener, wire.dialler],
    ] as const) {
      const node = this.#nodes.get(id)
      if (node?.isUp) this.#at(node, undefined, () => node.linkDown(other, link))
    }
  }

  /** At once, or when the node's own clock lets it; not when `link` has gone down by then. */
  #at(node: MemoryNetwork, link: Link | undefined, task: () => void): void {
    const run = (): void => {
      if (node.isUp && link?.isUp !== false) task()
    }
    if (node.clock === this.clock) run()
    else node.clock.after(0, run)
  }

  #arrivals(from: PeerId, to: PeerId): readonly number[] {
    const { weather } = this.#init
    if (weather !== undefined) return weather.arrivals(from, to)
    return this.#isLost() ? [] : [this.#latencyMs()]
  }

  #isLost(): boolean {
    return this.#lossShare > 0 && this.#chance() < this.#lossShare
  }

  #latencyMs(): number {
    const { latencyMs = 1 } = this.#init
    if (typeof latencyMs === 'number') return latencyMs
    const [min, max] = latencyMs
    return min + Math.floor(this.#chance() * (max - min + 1))
  }

  /** Uniform in [0, 1). */
  #chance(): number {
    const bytes = this.#init.random?.bytes(4)
    invariant(bytes !== undefined, 'chance has a source')
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32
  }
}

function newWire(dialler: PeerId, listener: PeerId): Wire {
  return { dialler, listener, link: undefined, isDialling: false }
}

function pairOf(a: PeerId, b: PeerId): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`
}
