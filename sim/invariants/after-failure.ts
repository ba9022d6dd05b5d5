/**
 * Invariant 11: after a read or a write failed, the process signs nothing and confirms nothing any more. What
 * it would say could rest on what is not there. (A read that fails for a peer's question alone ends only that
 * answer, so what counts is the failure that the node itself declares.)
 */
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'after-failure'

interface FailedLife {
  /** Which of the node's processes. */
  readonly life: number
  readonly at: number
  isWrite: boolean
}

export class AfterFailure implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #failed = new Map<ObservedNode, FailedLife>()

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    const { kind, node } = observation
    const failed = this.#failed.get(node)
    if (failed?.life === node.lifeCount) {
      this.#look(observation, failed)
      failed.isWrite ||= isWriteFailure(observation)
    } else if (kind === 'failed' || isWriteFailure(observation)) {
      const isWrite = isWriteFailure(observation)
      this.#failed.set(node, { life: node.lifeCount, at: this.#context.now(), isWrite })
    }
  }

  #look(observation: Observation, { at, isWrite }: FailedLife): void {
    const { kind, node } = observation
    if (kind === 'signed') this.#report(node, 'signs')
    // A commit that is on the disk though its fsync failed is observed before it fails; one that was under
    // way when a read failed comes to its end.
    if (kind === 'committed' && isWrite) this.#report(node, 'commits')
    // What was decided before a read failed, in the same moment, may be heard after it. A commit takes a task
    // of its own, so what was decided before one fails has been heard by then.
    const isLater = this.#context.now() > at
    if (kind === 'answered' && observation.result.ok && (isWrite || isLater)) {
      this.#report(node, 'confirms a reading')
    }
    if (!isLater) return
    if (kind === 'published') this.#report(node, `publishes ${observation.topic}`)
  }

  #report(node: ObservedNode, what: string): void {
    this.#context.report({ invariant: NAME, node: node.name, message: `${what} after an I/O error` })
  }
}

function isWriteFailure(observation: Observation): boolean {
  return observation.kind === 'io-failed' && observation.failure.code !== 'STORE_READ_FAILED'
}
