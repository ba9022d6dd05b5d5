import { ERRORS, type ErrorCode, type GenesisDocument, toHex } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { NodeEvent, PeerConnection } from '../ports.ts'
import { blockView } from '../views/block-view.ts'
import {
  alarmEvent,
  blockEvent,
  disconnectedEvent,
  foreignEvent,
  miningEvent,
  movedEvent,
  peerConnectedEvent,
  peerGoneEvent,
  syncEvent,
  withdrawnEvent,
} from '../views/event-json.ts'
import { miningText } from '../views/mining-text.ts'
import type { Palette } from '../views/palette.ts'
import { progressText, shortPeer } from '../views/peer-text.ts'
import { printable } from '../views/printable.ts'
import { alarmLine, blockLine, shortHash } from '../views/text.ts'

/** A peer that is gone has only its id, of which the last characters differ from those of others. */
const ID_CHARACTERS = 8

const FOREIGN: ErrorCode = 'LEDGER_FOREIGN'

/** One event of the node as a line of JSON. */
export function jsonOfEvent(event: NodeEvent, document: GenesisDocument): string {
  switch (event.kind) {
    case 'block-connected':
      return blockEvent(event.block, document)
    case 'block-disconnected':
      return disconnectedEvent(event.block)
    case 'alarm':
      return alarmEvent(event.error)
    case 'receipt-withdrawn':
      return withdrawnEvent(event.entryId)
    case 'receipt-moved':
      return movedEvent(event.receipt)
    case 'peer-connected':
      return peerConnectedEvent(event.peer)
    case 'peer-gone':
      return peerGoneEvent(event.id)
    case 'foreign-met':
      return foreignEvent(event.meeting)
    case 'sync':
      return syncEvent(event.progress)
    case 'mining':
      return miningEvent(event.mining)
  }
}

/** The same for people. */
export function textOfEvent(event: NodeEvent, document: GenesisDocument, palette: Palette): string {
  switch (event.kind) {
    case 'block-connected':
      return blockLine(blockView(event.block, document, NODE_LIMITS.summaryReadingsMax), palette)
    case 'block-disconnected': {
      const { header, hash } = event.block
      return palette.warning(`#${header.height} ${shortHash(hash)} left the chain: another branch won`)
    }
    case 'alarm':
      return alarmLine(event.error, palette)
    case 'receipt-withdrawn':
      return palette.dim(`entry ${shortHash(event.entryId)} waits for another block`)
    case 'receipt-moved': {
      const { entryId, height, blockHash } = event.receipt
      return palette.dim(`entry ${shortHash(entryId)} moved to block #${height} ${shortHash(blockHash)}`)
    }
    case 'peer-connected':
      return palette.dim(
        `peer ${shortPeer(event.peer)} ${idOf(event.peer)} connected: ${addressOf(event.peer)}`,
      )
    case 'peer-gone':
      return palette.dim(`peer ...${printable(event.id.slice(-ID_CHARACTERS))} gone`)
    case 'foreign-met': {
      const { address, ours, theirs } = event.meeting
      const who = `${printable(address)} keeps another ledger and was refused`
      const ids = `theirs is ${toHex(theirs)}, ours is ${toHex(ours)}`
      return palette.warning(`${who}: ${ids}. ${ERRORS[FOREIGN].remedy} [${FOREIGN}]`)
    }
    case 'sync':
      return palette.dim(event.progress.kind === 'synced' ? 'caught up' : progressText(event.progress))
    case 'mining':
      return palette.dim(`mining ${miningText(event.mining)}`)
  }
}

function idOf({ id }: PeerConnection): string {
  return `(...${printable(id.slice(-ID_CHARACTERS))})`
}

function addressOf({ address, direction }: PeerConnection): string {
  return direction === 'inbound' ? `from ${printable(address)}` : `to ${printable(address)}`
}
