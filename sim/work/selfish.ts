/**
 * Selfish mining (Eyal and Sirer 2014, algorithm 1): a miner keeps what it finds to itself, so that the
 * others work on blocks that will not last, and tells of it when they catch up.
 *
 * With two or more blocks ahead it wins in any case. One block ahead it is a race when the others find one:
 * whoever is extended first. In Bitcoin nodes stay with what came first, and gamma is the share of power
 * that heard of the selfish block first. Here all nodes choose the lower hash, so each time all of them go
 * one way, with even odds: gamma = 1/2.
 */
import { equalBytes, type Header, keyOf } from '@pulseledger/core'
import { tipOf } from '../byzantine/tip.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import { assertUnharmed, mineTo, NO_RETARGET, Typist, workGroup } from './group.ts'
import { PrivateMiner } from './private-miner.ts'
import { type Estimate, estimateOf } from './statistics.ts'

export interface SelfishChoice {
  readonly seed: number
  /** Of all hash power, 0 < alpha < 1/2. */
  readonly alpha: number
  /** Of the chain when it is over. */
  readonly blocks: number
  /**
   * What it begins to withhold is in this part of all hashes, the lowest one: those win ties more often than
   * not. The others it tells of at once. 1, when it is not given: it withholds whatever it finds.
   */
  readonly lowest?: number
}

export interface SelfishFigures {
  /** Its part of the blocks on the chain. */
  readonly share: Estimate
  /** Blocks that were made and are on no chain, as a share of all. */
  readonly staleShare: number
}

/** Between two blocks of the honest nodes; the fixed difficulty is what they make in it. */
const INTERVAL_MS = 1_000

/** Parts of the chain that count as independent: each is some hundred blocks, a race is a few. */
const PARTS = 40

export async function measureSelfish(choice: SelfishChoice): Promise<SelfishFigures> {
  const { seed, alpha, blocks, lowest = 1 } = choice
  const world = await workGroup({
    ...{ seed, nodeCount: 2, intervalMs: INTERVAL_MS, window: NO_RETARGET },
    shares: [0.5, 0.5],
  })
  new Typist(world, 3)
  const miner = new PrivateMiner(world)
  new SelfishMiner(world, miner, lowest).start((INTERVAL_MS * (1 - alpha)) / alpha)
  await mineTo(world, blocks)
  miner.stop()
  assertUnharmed(world)
  return figuresOf(world, miner.producer.publicKey, blocks)
}

class SelfishMiner {
  readonly #world: World
  readonly #miner: PrivateMiner
  readonly #lowest: number
  /** Of the highest block that the honest nodes know of. */
  #publicHeight: number
  /** A block of its own and one of theirs are at one height, and nothing stands on either. */
  #isRace = false

  constructor(world: World, miner: PrivateMiner, lowest: number) {
    this.#world = world
    this.#miner = miner
    this.#lowest = lowest
    this.#publicHeight = miner.base.header.height
  }

  start(meanMs: number): void {
    this.#world.onObservation((observation) => {
      if (observation.kind !== 'committed') return
      for (const { block } of observation.change.blocks) {
        const isTheirs = !equalBytes(block.header.producer, this.#miner.producer.publicKey)
        if (isTheirs) this.#theirs(block.header, observation.node as SimNode)
      }
    })
    this.#miner.start(meanMs, () => this.#own())
  }

  #own(): void {
    const miner = this.#miner
    miner.extend()
    const isFirst = miner.tip.header.height === this.#publicHeight + 1
    // What it just found decides the race; or it would lose one.
    if (this.#isRace || (isFirst && placeOf(miner.tip.hash) >= this.#lowest)) this.#winAll()
  }

  #theirs({ height }: Header, node: SimNode): void {
    // Of two that the honest nodes find at once it looks at the first.
    if (height <= this.#publicHeight) return
    const miner = this.#miner
    const lead = miner.tip.header.height - this.#publicHeight
    this.#publicHeight = height
    this.#isRace = lead === 1
    if (lead === 0) miner.adopt(tipOf(node.disk))
    else if (lead === 2) this.#winAll()
    // The first that it has told nobody of, at the height of theirs.
    else miner.publish(height - miner.base.header.height)
  }

  #winAll(): void {
    this.#miner.publish()
    this.#miner.settle()
    this.#publicHeight = this.#miner.tip.header.height
    this.#isRace = false
  }
}

/** Of a hash among all hashes: 0 for the lowest, 1 beyond the highest. */
function placeOf(hash: Uint8Array): number {
  return (((hash[0] ?? 0) << 16) | ((hash[1] ?? 0) << 8) | (hash[2] ?? 0)) / 2 ** 24
}

function figuresOf({ nodes }: World, producer: Uint8Array, blocks: number): SelfishFigures {
  const { disk } = nodes[0] as SimNode
  const isOwn = disk.canonical.slice(1, blocks + 1).map((hash) => {
    const stored = disk.blocks.get(keyOf(hash))
    return stored !== undefined && equalBytes(stored.block.header.producer, producer)
  })
  const length = Math.floor(isOwn.length / PARTS)
  const shares = Array.from({ length: PARTS }, (_, i) => {
    const part = isOwn.slice(i * length, (i + 1) * length)
    return part.filter(Boolean).length / length
  })
  return { share: estimateOf(shares), staleShare: 1 - disk.canonical.length / disk.blocks.size }
}
