/**
 * Everything that a run is, drawn from its seed: how many nodes, how they are joined, what is typed, and
 * which faults can happen. Each seed has a random subset of the faults ("swarm testing", Groce et al.
 * 2012): with all of them at once a system does little else than recover, and what needs one fault alone is
 * never seen.
 *
 * Each part is drawn from a stream of its own, so that a part that is set from outside leaves the others.
 */
import type { LedgerConfig, SyncLimits } from '@pulseledger/core'
import { Chance } from '../kernel/chance.ts'

/** What members do that do not keep to the rules. */
export const ATTACKS = [
  'bad-blocks',
  'bad-entries',
  'equivocation',
  'withholding',
  'lying-status',
  'flood',
] as const

export type Attack = (typeof ATTACKS)[number]

export const FAULTS = [
  'loss',
  'duplicates',
  'delay',
  'clog',
  'half',
  'isolate',
  'one-way',
  'swizzle',
  'crash',
  'restart',
  'pause',
  'wipe',
  'skew',
  'clock-jump',
  'disk-full',
  'read-error',
  'sync-error',
  'slow-disk',
  'hash-power',
  'tiny-limits',
  ...ATTACKS,
] as const

export type FaultKind = (typeof FAULTS)[number]

export const ENGINES = ['longest-chain', 'proof-of-work'] as const

export type EngineName = (typeof ENGINES)[number]

export type Topology = 'mesh' | 'ring' | 'line' | 'star' | 'random'

/** Bounds so small that the paths behind them are taken. */
export interface TinyLimits {
  readonly ledger: NonNullable<LedgerConfig['limits']>
  readonly sync: Partial<SyncLimits>
}

export interface Scenario {
  readonly seed: number
  /** Honest nodes. */
  readonly nodeCount: number
  readonly hours: number
  readonly faults: ReadonlySet<FaultKind>
  readonly topology: Topology
  /** Of a message, the least and the most, ms. */
  readonly latencyMs: readonly [number, number]
  readonly engine: EngineName
  readonly finalDepth: number
  readonly blockEntries: number
  /** What a block should take, ms; blocks with one target; hashes a second of each node. */
  readonly work: { readonly intervalMs: number; readonly window: number; readonly power: readonly number[] }
  /** Between two readings typed anywhere, on average, ms. */
  readonly readingGapMs: number
  /** Share of what is submitted by authors with keys of their own, who go from node to node. */
  readonly authorShare: number
  /** From one healing of everything to the next, ms. */
  readonly epochMs: number
  readonly hasRealSignatures: boolean
  readonly limits: TinyLimits | undefined
}

export interface ScenarioChoice {
  readonly nodes?: number | undefined
  readonly hours?: number | undefined
  /** These faults and no others. */
  readonly only?: readonly FaultKind[] | undefined
  readonly without?: readonly FaultKind[] | undefined
  readonly realSignatures?: boolean | undefined
  readonly engine?: EngineName | undefined
}

const MINUTE = 60_000

/** Of a scenario; more of them take longer than anybody waits. */
export const NODES_MAX = 50

export function scenarioOf(seed: number, choice: ScenarioChoice = {}): Scenario {
  const draw = (part: string): Chance => Chance.of(seed, 'scenario', part)
  const drawn = choice.only ?? drawFaults(draw('faults'))
  const faults = new Set(drawn)
  for (const fault of choice.without ?? []) faults.delete(fault)
  const lowMs = draw('latency').between(1, 20)
  const engine = choice.engine ?? draw('engine').pick(['longest-chain', 'longest-chain', 'proof-of-work'])
  const nodeCount = choice.nodes ?? draw('nodes').between(2, 9)
  // A shallow one is reached by forks, so what is final is tested; a deep one lets all of them heal.
  const finalDepth = draw('depth').pick([3, 8, 30, 400, 400, 400, 400, 2_000])
  return {
    seed,
    nodeCount,
    engine,
    work: drawWork(draw('work')),
    hours: choice.hours ?? 0.25,
    faults,
    topology: draw('topology').pick(['mesh', 'mesh', 'mesh', 'ring', 'line', 'star', 'random']),
    latencyMs: [lowMs, lowMs + draw('latency/spread').pick([0, 5, 30, 150])],
    finalDepth,
    blockEntries: drawBlockEntries(draw('block'), engine, finalDepth),
    readingGapMs: draw('load').pick([300, 1_000, 3_000, 10_000, 30_000, 60_000, 60_000, 120_000]),
    // With a lost disk an entry may be gone that its author goes on from.
    authorShare: drawn.includes('wipe') ? 0 : draw('authors').pick([0, 0.2, 0.5]),
    epochMs: draw('epoch').between(2, 8) * MINUTE,
    hasRealSignatures: choice.realSignatures ?? draw('signatures').happens(0.05),
    limits: faults.has('tiny-limits') ? drawLimits(draw('limits')) : undefined,
  }
}

/** Where blocks take work, or few make one final, they are few, and must hold what came meanwhile. */
function drawBlockEntries(chance: Chance, engine: EngineName, finalDepth: number): number {
  const isRare = engine === 'proof-of-work' || finalDepth < 30
  return isRare ? 1_000 : chance.pick([1, 4, 1_000, 1_000, 1_000])
}

function drawWork(chance: Chance): Scenario['work'] {
  return {
    intervalMs: chance.pick([500, 2_000]),
    window: chance.pick([2, 4, 16]),
    power: Array.from({ length: NODES_MAX }, () => chance.between(1, 20)),
  }
}

/** Half of the seeds have few faults, the others many. */
function drawFaults(chance: Chance): FaultKind[] {
  const share = chance.pick([0.1, 0.25, 0.5, 0.8])
  return FAULTS.filter(() => chance.happens(share))
}

function drawLimits(chance: Chance): TinyLimits {
  return {
    ledger: {
      pending: {
        entriesMax: chance.pick([8, 40, 1_000]),
        gapMax: chance.pick([1, 4, 64]),
        gappedMax: chance.pick([2, 16]),
        foreignPercent: 75,
      },
      waiting: { blocksMax: chance.pick([1, 2, 8]) },
      refusedHeadersMax: chance.pick([1, 4]),
      heldReadingsMax: chance.pick([2, 20]),
      receiptsWatchedMax: chance.pick([4, 50]),
    },
    sync: {
      headersPerRequest: chance.pick([8, 64]),
      headersAheadMax: chance.pick([16, 64]),
      bodiesPerRequest: chance.pick([2, 8]),
      bodiesAheadMax: chance.pick([4, 16]),
      bodyRequestsPerPeer: chance.pick([1, 2]),
      feedsMax: chance.pick([1, 2]),
      announcedMax: chance.pick([1, 4]),
      hashesRememberedMax: chance.pick([1, 8]),
    },
  }
}
