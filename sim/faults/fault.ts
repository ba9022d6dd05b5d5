import type { Chance } from '../kernel/chance.ts'
import type { Owner } from '../kernel/scheduler.ts'
import type { World } from '../world.ts'

/** What a fault does its work with. */
export interface FaultTools {
  readonly world: World
  /** Of this fault alone. */
  readonly chance: Chance
  /** Its tasks end with the chaos. */
  readonly owner: Owner
  /** From now on, by chance, so far apart on average. */
  every(meanMs: number, act: () => void): void
  /** Once, unless the chaos is over by then. */
  later(delayMs: number, act: () => void): void
}

/** Begins to do harm; what it returns makes good what it left behind, when the chaos is over. */
export type Fault = (tools: FaultTools) => () => void
