/**
 * A miner that tells nobody what it finds until it wants to. Its blocks are valid, with real work and entries
 * of its own, and go to the honest nodes as gossip; what it knows of theirs it reads off their disks, as if
 * it were connected so well that it hears of everything at once.
 *
 * A search has no memory, so what it finds comes as a Poisson process whatever it stands on, and nothing
 * needs to begin anew when it moves to another block.
 */
import { encodeStatus, keyOf, type Signer } from '@pulseledger/core'
import { announced } from '../byzantine/announce.ts'
import { Book } from '../byzantine/book.ts'
import { type Forged, forgeEntry } from '../byzantine/forge.ts'
import { Hostile } from '../byzantine/hostile.ts'
import { type Tip, tipOf } from '../byzantine/tip.ts'
import { newKey, type Workshop } from '../byzantine/tools.ts'
import { Chance } from '../kernel/chance.ts'
import { Owner, SimClock } from '../kernel/scheduler.ts'
import { SimMiner } from '../node/sim-miner.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import { forgeWork, type Smithy } from './work-block.ts'

/** Blocks told of at once, and the pause before more: a node leaves messages unread when 64 wait. */
const BURST = 32
const BURST_MS = 20

export class PrivateMiner {
  readonly shop: Workshop
  readonly producer: Signer
  readonly #world: World
  readonly #owner = new Owner('private miner')
  readonly #smithy: Smithy
  readonly #member: Hostile
  readonly #book: Book
  #base: Tip
  #branch: Forged[] = []
  #toldCount = 0
  /** What is on its way out; not empty while more is to follow. */
  #untold: Forged[] = []

  constructor(world: World) {
    const { crypto, genesis, scenario } = world
    const chance = Chance.of(scenario.seed, 'private miner')
    const first = world.nodes[0] as SimNode
    const clock = new SimClock(world.scheduler, this.#owner)
    this.#world = world
    this.shop = { crypto, ledgerId: genesis.rules.ledgerId, chance, now: () => world.now }
    this.producer = newKey(this.shop)
    const miner = new SimMiner({ clock, crypto, chance, power: () => 1 })
    this.#smithy = { shop: this.shop, engine: genesis.rules.engine, producer: this.producer, miner }
    this.#base = tipOf(first.disk)
    this.#book = new Book(() => first.disk)
    const later = (delayMs: number, act: () => void): void =>
      void world.scheduler.after(delayMs, this.#owner, act)
    const every = (meanMs: number, act: () => void): void => this.#mine(meanMs, act)
    const tools = { world, chance, owner: this.#owner, every, later, shop: this.shop }
    this.#member = new Hostile(tools, {
      name: 'private miner',
      victims: () => world.nodes,
      answer: (kind, message) =>
        kind === 'status' ? encodeStatus(statusOf(first)) : this.#book.answer(kind, message),
    })
  }

  /** Away -> connected with all nodes, and its power finds something so far apart on average. */
  start(meanMs: number, onFound: () => void): void {
    this.join()
    this.#mine(meanMs, onFound)
  }

  /** Away -> connected with all nodes. */
  join(): void {
    this.#member.join()
  }

  stop(): void {
    this.#owner.isDead = true
    this.#member.leave()
  }

  /** Of the last block that it has. */
  get tip(): Tip {
    return this.#branch.at(-1)?.tip ?? this.#base
  }

  get base(): Tip {
    return this.#base
  }

  /** Its blocks since the base, whether somebody was told or not. */
  get branch(): readonly Forged[] {
    return this.#branch
  }

  /** What it has is given up, and it goes on from there. */
  adopt(base: Tip): void {
    this.#base = base
    this.#branch = []
    this.#toldCount = 0
  }

  /** Its own last block, which all have: the branch begins anew there. */
  settle(): void {
    this.adopt(this.tip)
  }

  /** One block more, on its own last one. */
  extend(items = [forgeEntry(this.shop)]): void {
    this.#branch.push(forgeWork(this.tip, items, this.#smithy))
  }

  /** Tells everybody of the first so many blocks of its branch, in their order. */
  publish(count = this.#branch.length): void {
    const isBusy = this.#untold.length > 0
    this.#untold.push(...this.#branch.slice(this.#toldCount, count))
    this.#toldCount = Math.max(this.#toldCount, count)
    if (!isBusy) this.#tell()
  }

  #tell(): void {
    const burst = this.#untold.slice(0, BURST)
    for (const told of burst) {
      this.#book.keep(told)
      this.#member.publish('blocks', announced(told))
    }
    const rest = this.#untold.length - burst.length
    if (rest === 0) this.#untold = []
    else
      this.#world.scheduler.after(BURST_MS, this.#owner, () => {
        this.#untold.splice(0, burst.length)
        this.#tell()
      })
  }

  #mine(meanMs: number, onFound: () => void): void {
    const next = (): void => {
      this.#world.scheduler.after(this.shop.chance.gap(meanMs), this.#owner, () => {
        onFound()
        next()
      })
    }
    next()
  }
}

function statusOf({ disk }: SimNode) {
  const head = disk.canonical.at(-1) as Uint8Array
  const { weight, block } = disk.blocks.get(keyOf(head)) as NonNullable<ReturnType<typeof disk.blocks.get>>
  return { head, height: block.header.height, weight }
}
