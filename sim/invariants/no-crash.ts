/**
 * Every failure has a name. A process that ends because of a broken invariant of its own, or of something
 * that nobody thought of, is a bug, whatever the disk and the network did.
 */
import { NodeFailure } from 'pulseledger/simulation'
import type { Observation } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'no-crash'

export class NoCrash implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    const { kind, node } = observation
    if (kind === 'bug') {
      const { stack, message } = observation.error
      this.#context.report({ invariant: NAME, node: node.name, message: stack ?? message })
    }
    if (kind !== 'failed') return
    const { failure } = observation
    const isNamed =
      failure instanceof NodeFailure && failure.code !== 'INTERNAL' && failure.code !== 'STORE_DAMAGED'
    if (isNamed) return
    const what = failure.code ?? failure.name
    const cause = failure.cause instanceof Error ? failure.cause.stack : failure.stack
    this.#context.report({
      invariant: NAME,
      node: node.name,
      message: `${what}: ${failure.message}\n${cause}`,
    })
  }
}
