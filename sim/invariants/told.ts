/**
 * Nothing is told to peers before it is durable: a block that a node publishes or passes on is on its disk,
 * so whoever hears of it can get it there; an entry that it publishes is, so a kill does not take it back.
 */
import { decodeAnnouncement, decodeEntries, keyOf, toHex } from '@pulseledger/core'
import type { Observation, ObservedNode } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'told'

export class Told implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext

  constructor(context: CheckerContext) {
    this.#context = context
  }

  observe(observation: Observation): void {
    const { kind, node } = observation
    if (kind !== 'published' && kind !== 'passed-on') return
    const { topic, message } = observation
    if (topic === 'blocks') this.#checkBlock(node, message)
    // What others say of entries is passed on when it is valid, whether it is kept here or not.
    else if (kind === 'published') this.#checkEntries(node, message)
  }

  #checkBlock(node: ObservedNode, message: Uint8Array): void {
    const decoded = decodeAnnouncement(message, this.#context.crypto)
    if (!decoded.ok) {
      this.#report(node, `what no peer can read: ${decoded.error.message}`)
      return
    }
    const { hash, header } = decoded.value.header
    if (node.disk.blocks.has(keyOf(hash))) return
    this.#report(node, `block ${header.height}, ${toHex(hash)}, which is not on its disk`)
  }

  #checkEntries(node: ObservedNode, message: Uint8Array): void {
    const decoded = decodeEntries(message, this.#context.crypto)
    if (!decoded.ok) {
      this.#report(node, `what no peer can read: ${decoded.error.message}`)
      return
    }
    for (const { entry } of decoded.value) {
      const key = keyOf(entry.id)
      if (node.disk.pending.has(key) || node.disk.positions.has(key)) continue
      this.#report(node, `entry ${toHex(entry.id)}, which is not on its disk`)
    }
  }

  #report({ name: node }: Pick<ObservedNode, 'name'>, what: string): void {
    this.#context.report({ invariant: NAME, node, message: `tells its peers of ${what}` })
  }
}
