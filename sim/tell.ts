import { toHex } from '@pulseledger/core'
import type { NodeEvent } from 'pulseledger/simulation'
import type { Trace } from './kernel/trace.ts'
import type { Observation } from './node/observation.ts'

/** Puts what happened at a node into words that a person can follow. */
export function tellObservation(observation: Observation, trace: Trace, now: number): void {
  const say = (what: () => string): void => trace.tell(now, observation.node.name, what)
  switch (observation.kind) {
    case 'booted':
      say(() => `starts, for the ${ordinal(observation.node.lifeCount)} time`)
      return
    case 'down':
      say(() => (observation.isCrash ? 'is killed' : 'has stopped'))
      return
    case 'wiped':
      say(() => 'has lost its disk and its key')
      return
    case 'committed':
      say(() => committed(observation))
      return
    case 'io-failed':
    case 'failed':
      say(() => `${observation.kind}: ${observation.failure.code}, ${observation.failure.message}`)
      return
    case 'answered': {
      const { result, waitedMs } = observation
      say(() =>
        result.ok
          ? `confirms ${short(result.value.entryId)} in block ${result.value.height} after ${waitedMs} ms`
          : `refuses a reading: ${result.error.code}, ${result.error.message}`,
      )
      return
    }
    case 'dropped':
      say(() => `hangs up on ${observation.peer.slice(0, 8)}: ${observation.reason.message}`)
      return
    case 'event':
      say(() => told(observation.event))
      return
    case 'published':
      say(() => `publishes ${observation.topic}, ${observation.message.length} bytes`)
      return
    case 'bug':
    case 'passed-on':
    case 'signed':
  }
}

function committed({ change, node }: Observation & { kind: 'committed' }): string {
  const { head } = node.disk
  const parts = [`has on disk: head ${head?.height} ${short(head?.hash)}`]
  if (change.disconnect.length > 0) parts.push(`${change.disconnect.length} blocks off the chain`)
  if (change.connect.length > 0) parts.push(`${change.connect.length} onto it`)
  if (change.pendingAdd.length > 0) parts.push(`${change.pendingAdd.length} entries pending`)
  if (change.pendingRemove.length > 0) parts.push(`${change.pendingRemove.length} no longer`)
  return parts.join(', ')
}

function told(event: NodeEvent): string {
  switch (event.kind) {
    case 'alarm':
      return `ALARM ${event.error.code}: ${event.error.message}`
    case 'peer-connected':
      return `is connected with ${event.peer.id.slice(0, 8)}`
    case 'peer-gone':
      return `has lost ${event.id.slice(0, 8)}`
    case 'sync':
      return event.progress.kind === 'synced' ? 'is in step' : `is behind, of ${event.progress.target} blocks`
    case 'receipt-withdrawn':
      return `withdraws the receipt of ${short(event.entryId)}`
    case 'receipt-moved':
      return `tells that ${short(event.receipt.entryId)} is in block ${event.receipt.height} now`
    default:
      return event.kind
  }
}

function short(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'none' : toHex(bytes).slice(0, 8)
}

function ordinal(count: number): string {
  const endings = ['th', 'st', 'nd', 'rd']
  const rest = count % 100
  return `${count}${endings[(rest - 20) % 10] ?? endings[rest] ?? 'th'}`
}
