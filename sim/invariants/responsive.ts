/**
 * Whoever types is answered soon, whatever strangers do: as long as the network, the disks and the clocks are
 * well, no attack keeps a reading waiting. (With those faults a reading may have to wait for as long as they
 * last.)
 */
import type { Observation } from '../node/observation.ts'
import { ATTACKS, type FaultKind } from '../scenario/scenario.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'responsive'

/** Three times the longest that was seen: waiting for bodies that never come takes 15 seconds. */
const ANSWER_MS_MAX = 45_000

const HARMLESS: ReadonlySet<FaultKind> = new Set(ATTACKS)

export class Responsive implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #isOn: boolean

  constructor(context: CheckerContext) {
    this.#context = context
    const { engine, faults } = context.scenario
    this.#isOn = engine === 'longest-chain' && [...faults].every((kind) => HARMLESS.has(kind))
  }

  observe(observation: Observation): void {
    if (!this.#isOn || observation.kind !== 'answered' || observation.waitedMs <= ANSWER_MS_MAX) return
    const message = `a reading waited ${observation.waitedMs} ms for its answer`
    this.#context.report({ invariant: NAME, node: observation.node.name, message })
  }
}
