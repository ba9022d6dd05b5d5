/**
 * Those who submit readings: people at the terminals of the nodes, and authors with keys of their own, who
 * sign their entries and go from node to node until one of them confirms the entry.
 */
import {
  type EntryWithPayload,
  encodePayload,
  SALT_BYTES,
  type Signer,
  signEntry,
  utf8,
} from '@pulseledger/core'
import { Chance } from './kernel/chance.ts'
import { Owner } from './kernel/scheduler.ts'
import type { World } from './world.ts'

/** How long an author waits for an answer before it goes to another node. */
const AUTHOR_PATIENCE_MS = 5_000

export class Load {
  readonly #world: World
  readonly #chance: Chance
  readonly #authors: readonly Author[]
  #owner = new Owner('typists')

  constructor(world: World) {
    this.#world = world
    this.#chance = Chance.of(world.scenario.seed, 'load')
    this.#authors = Array.from({ length: 3 }, (_, i) => new Author(world, i))
  }

  start(): void {
    this.#owner = new Owner('typists')
    this.#next()
  }

  stop(): void {
    this.#owner.isDead = true
  }

  #next(): void {
    const { scenario, scheduler } = this.#world
    scheduler.after(this.#chance.gap(scenario.readingGapMs), this.#owner, () => {
      // In bursts too: several lines in one go.
      const count = this.#chance.happens(0.05) ? this.#chance.between(2, 30) : 1
      for (let i = 0; i < count; i++) this.#submit()
      this.#next()
    })
  }

  #submit(): void {
    const { scenario, nodes } = this.#world
    if (this.#chance.happens(scenario.authorShare)) {
      this.#chance.pick(this.#authors).submit()
      return
    }
    this.#chance.pick(nodes).type({ measure: 'bpm', value: this.#chance.between(40, 180) })
  }
}

/** One entry at a time: it signs the next when the last is confirmed. */
class Author {
  readonly #world: World
  readonly #chance: Chance
  readonly #signer: Signer
  readonly #owner = new Owner('author')
  #sequence = 0
  #current: EntryWithPayload | undefined

  constructor(world: World, index: number) {
    this.#world = world
    this.#chance = Chance.of(world.scenario.seed, 'author', index)
    this.#signer = world.crypto.signer(world.crypto.sha256(utf8(`${world.scenario.seed}/author/${index}`)))
  }

  submit(): void {
    if (this.#current !== undefined) return
    const { crypto, genesis, scheduler } = this.#world
    const salt = this.#chance.bytes(SALT_BYTES)
    const value = this.#chance.between(40, 180)
    const payload = encodePayload({ salt, measure: 'bpm', value, time: scheduler.now })
    const fields = { sequence: this.#sequence, commitment: crypto.sha256(payload) }
    const entry = signEntry({ ledgerId: genesis.rules.ledgerId, ...fields }, this.#signer, crypto)
    this.#current = { entry, payload }
    this.#try(this.#current)
  }

  /** At some node, and later at another one, until one confirms it. */
  #try(item: EntryWithPayload): void {
    if (this.#current !== item) return
    const node = this.#chance.pick(this.#world.nodes)
    node.submit(item, () => {
      if (this.#current !== item) return
      this.#current = undefined
      this.#sequence += 1
    })
    this.#world.scheduler.after(AUTHOR_PATIENCE_MS, this.#owner, () => this.#try(item))
  }
}
