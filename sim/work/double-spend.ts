/**
 * Double spending: somebody submits an entry, and in private mines a branch where another entry has its
 * sequence. When the block with the first one has `z` confirmations, and whatever it was good for is done, it
 * tells of the branch as soon as that wins; then the first entry can never be on the chain again.
 *
 * As in Rosenfeld's analysis it has one block more than nothing when it begins: it could have waited for that
 * before it submitted the entry. It gives up when it is so far behind that it would come back once in a
 * thousand times. One honest node decides: all would decide the same.
 */
import {
  type Block,
  compareBytes,
  type EntryWithPayload,
  equalBytes,
  type Hash,
  invariant,
  keyOf,
} from '@pulseledger/core'
import { forgeEntry } from '../byzantine/forge.ts'
import { tipOf } from '../byzantine/tip.ts'
import { newKey } from '../byzantine/tools.ts'
import { Owner } from '../kernel/scheduler.ts'
import type { Observation } from '../node/observation.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import { assertUnharmed, NO_RETARGET, Typist, workGroup } from './group.ts'
import { PrivateMiner } from './private-miner.ts'

export interface DoubleSpendChoice {
  readonly seed: number
  /** Of all hash power. */
  readonly share: number
  /** Blocks, that with the entry included, before the branch is told of. */
  readonly confirmations: number
  readonly trials: number
  /** It knows that the lower hash decides between equal chains, and tells of one that wins so. */
  readonly usesTies: boolean
}

export interface DoubleSpendFigures {
  readonly successes: number
  readonly trials: number
  /** Times that the node warned its people that an entry lost its sequence to another one. */
  readonly alarmCount: number
  /** Readings of honest people that were told to be on the chain. */
  readonly readingCount: number
  /** Times that one of them came off the chain with its block. */
  readonly returnedCount: number
  /** Those of them that are not on the chain in the end. */
  readonly lostCount: number
}

/** Between two blocks of the honest node; the fixed difficulty is what it makes in it. */
const INTERVAL_MS = 1_000

/** Blocks after which even who has more than half is taken to have failed. */
const BEHIND_MAX = 200

/** Beyond the longest of all attacks: what ends them is not to be the final depth. */
const FINAL_DEPTH = 2_000

/** Chance of coming back that is given up. */
const HOPE_MIN = 0.001

type State =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'submitted' | 'racing'
      readonly first: EntryWithPayload
      readonly second: EntryWithPayload
    }

/** For the last readings to come onto the chain. */
const DRAIN_MS = 60_000

export async function measureDoubleSpend(choice: DoubleSpendChoice): Promise<DoubleSpendFigures> {
  const { seed, share } = choice
  const world = await workGroup({
    ...{ seed, nodeCount: 1, intervalMs: INTERVAL_MS, window: NO_RETARGET, blockEntries: 1_000 },
    ...{ shares: [1], faults: ['equivocation'], finalDepth: FINAL_DEPTH },
  })
  const watch = new ReadingWatch(world)
  const typist = new Typist(world, 1)
  const miner = new PrivateMiner(world)
  const attack = new Attack(world, miner, choice)
  miner.start((INTERVAL_MS * (1 - share)) / share, () => attack.found())
  await world.passUntil(Number.MAX_SAFE_INTEGER, () => attack.trials === choice.trials)
  miner.stop()
  typist.stop()
  await world.pass(DRAIN_MS)
  assertUnharmed(world)
  const { successes, trials } = attack
  return { successes, trials, ...watch.figures() }
}

/** One attack after the other. */
class Attack {
  successes = 0
  trials = 0
  readonly #owner = new Owner('double spender')
  readonly #node: SimNode
  readonly #world: World
  readonly #miner: PrivateMiner
  readonly #choice: DoubleSpendChoice
  readonly #behindMax: number
  #state: State = { kind: 'idle' }

  constructor(world: World, miner: PrivateMiner, choice: DoubleSpendChoice) {
    const odds = choice.share / (1 - choice.share)
    this.#world = world
    this.#node = world.nodes[0] as SimNode
    this.#miner = miner
    this.#choice = choice
    this.#behindMax = odds < 1 ? Math.ceil(Math.log(HOPE_MIN) / Math.log(odds)) : BEHIND_MAX
    world.onObservation((observation) => this.#observe(observation))
  }

  /** Its power found a block. */
  found(): void {
    if (this.#state.kind !== 'racing') return
    this.#miner.extend()
    this.#consider()
  }

  #observe(observation: Observation): void {
    if (observation.kind === 'signed') this.#world.scheduler.after(1, this.#owner, () => this.#submit())
    if (observation.kind !== 'committed') return
    const { blocks, connect } = observation.change
    const last = this.#miner.branch.at(-1)?.hash
    const isOurs = (hash: Hash): boolean => last !== undefined && equalBytes(hash, last)
    if (this.#state.kind === 'racing' && connect.some(({ block }) => isOurs(block.hash))) this.#won()
    else if (blocks.some(({ block }) => equalBytes(block.header.producer, this.#node.publicKey)))
      this.#theirs()
  }

  /**
   * idle -> submitted, while a block is being stored: the next one is begun when it is, with this entry in
   * it. Submitted during a search it would be in the blocks that take long, and those favour the attack.
   */
  #submit(): void {
    const { ledger, disk } = this.#node
    const isStoring = ledger !== undefined && ledger.head.header.height > (disk.head?.height ?? 0)
    if (this.#state.kind !== 'idle' || !isStoring) return
    const signer = newKey(this.#miner.shop)
    const first = forgeEntry(this.#miner.shop, { signer })
    this.#node.submit(first, () => {})
    this.#state = { kind: 'submitted', first, second: forgeEntry(this.#miner.shop, { signer }) }
  }

  /** submitted -> racing, on the block before the one that has the entry. Racing -> idle: it gives up. */
  #theirs(): void {
    const state = this.#state
    if (state.kind === 'submitted') {
      this.#miner.adopt(tipOf(this.#node.disk))
      this.#miner.extend([state.second])
      this.#state = { ...state, kind: 'racing' }
    } else if (state.kind === 'racing') {
      invariant(this.#has(state.first), 'the next block has what was submitted before it was begun')
      this.#consider()
    }
  }

  #consider(): void {
    const { confirmations, usesTies } = this.#choice
    const { base, branch, tip } = this.#miner
    const { disk } = this.#node
    const count = (disk.head?.height ?? 0) - base.header.height
    if (count < confirmations) return
    const head = disk.head?.hash as Hash
    const winsTie = usesTies && branch.length === count && compareBytes(tip.hash, head) < 0
    if (branch.length > count || winsTie) this.#miner.publish()
    else if (count - branch.length >= this.#behindMax) this.#over(0)
  }

  /** The honest node went over to its branch. */
  #won(): void {
    invariant(this.#state.kind === 'racing', 'it was racing')
    const { first, second } = this.#state
    invariant(this.#has(second) && !this.#has(first), 'the second entry has taken the place of the first')
    this.#over(1)
  }

  /** racing -> idle */
  #over(successes: number): void {
    this.trials += 1
    this.successes += successes
    this.#state = { kind: 'idle' }
  }

  #has({ entry }: EntryWithPayload): boolean {
    return this.#node.disk.positions.has(keyOf(entry.id))
  }
}

/** What the node's own readings go through. */
class ReadingWatch {
  readonly #node: SimNode
  readonly #onChain = new Set<string>()
  #returnedCount = 0
  #alarmCount = 0

  constructor(world: World) {
    this.#node = world.nodes[0] as SimNode
    world.onObservation((observation) => {
      if (observation.kind === 'event' && observation.event.kind === 'alarm') this.#alarmCount += 1
      if (observation.kind !== 'committed') return
      const { connect, disconnect } = observation.change
      for (const { block } of connect) for (const key of this.#ownOf(block)) this.#onChain.add(key)
      for (const { block } of disconnect) this.#returnedCount += this.#ownOf(block).length
    })
  }

  figures(): Omit<DoubleSpendFigures, 'successes' | 'trials'> {
    const { positions } = this.#node.disk
    const lost = [...this.#onChain].filter((key) => !positions.has(key))
    return {
      alarmCount: this.#alarmCount,
      readingCount: this.#onChain.size,
      returnedCount: this.#returnedCount,
      lostCount: lost.length,
    }
  }

  #ownOf({ entries }: Pick<Block, 'entries'>): string[] {
    return entries.filter(({ author }) => equalBytes(author, this.#node.publicKey)).map(({ id }) => keyOf(id))
  }
}
