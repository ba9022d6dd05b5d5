import { type SyncProgress, toHex } from '@pulseledger/core'
import type {
  EntryState,
  HeadPosition,
  MiningSearch,
  MiningStatus,
  NetworkStatus,
  PeerView,
  Receipt,
} from '../ports.ts'
import { type Fields, failureOf, hashOf, isCount, isObject, isTexts } from './fields.ts'

/**
 * What a node says of its network, its mining and of single entries, as the JSON of a control answer. Each
 * pair of functions belongs together; a reader gives undefined for what its writer would not have written.
 *
 *     {"id":"12D3KooW...","publicKey":"<64 hex>","address":"10.0.0.7:7400","direction":"outbound",
 *      "connectedAt":1795432593000,"head":{"height":12,"hash":"<64 hex>"},"state":"same"}
 */
const PEER_STATES = ['unknown', 'same', 'behind', 'ahead', 'diverged'] as const

export function peerFields({ publicKey, head, ...rest }: PeerView): Fields {
  const position = head && { height: head.height, hash: toHex(head.hash) }
  return { ...rest, publicKey: toHex(publicKey), head: position ?? null }
}

export function readPeers(value: unknown): readonly PeerView[] | undefined {
  if (!Array.isArray(value)) return undefined
  const peers = value.map(readPeer)
  return peers.every((peer) => peer !== undefined) ? peers : undefined
}

function readPeer(value: unknown): PeerView | undefined {
  if (!isObject(value)) return undefined
  const { id, address, connectedAt, direction } = value
  const publicKey = hashOf(value.publicKey)
  const state = PEER_STATES.find((known) => known === value.state)
  const head = value.head === null ? 'none' : readHead(value.head)
  if (typeof id !== 'string' || typeof address !== 'string' || !isCount(connectedAt)) return undefined
  if (direction !== 'inbound' && direction !== 'outbound') return undefined
  if (!publicKey || !state || !head) return undefined
  return { id, publicKey, address, direction, connectedAt, head: head === 'none' ? undefined : head, state }
}

function readHead(value: unknown): HeadPosition | undefined {
  if (!isObject(value)) return undefined
  const { height } = value
  const hash = hashOf(value.hash)
  return isCount(height) && hash ? { height, hash } : undefined
}

/** Undefined: the node has no network. 'broken': it is not of this form. */
export function readNetwork(value: unknown): NetworkStatus | undefined | 'broken' {
  if (value === null) return undefined
  if (!isObject(value)) return 'broken'
  const { peerCount, addresses, mayProduce } = value
  const sync = readProgress(value.sync)
  if (!isCount(peerCount) || !isTexts(addresses) || typeof mayProduce !== 'boolean' || !sync) return 'broken'
  return { peerCount, addresses, sync, mayProduce }
}

/** Undefined: blocks take no work. 'broken': it is not of this form. */
export function readMining(value: unknown): MiningStatus | undefined | 'broken' {
  if (value === null) return undefined
  if (!isObject(value)) return 'broken'
  const { threads, hashesPerSecond } = value
  const search = value.search === undefined ? undefined : readSearch(value.search)
  if (!isCount(threads) || !isCount(hashesPerSecond) || search === 'broken') return 'broken'
  return { threads, hashesPerSecond, search }
}

function readSearch(value: unknown): MiningSearch | 'broken' {
  if (!isObject(value)) return 'broken'
  const { height, entryCount, difficulty, tried } = value
  // 2^128 and more is no integer of JavaScript, but a number.
  const isDifficulty = typeof difficulty === 'number' && difficulty >= 1
  if (!isCount(height) || !isCount(entryCount) || !isDifficulty || !isCount(tried)) return 'broken'
  return { height, entryCount, difficulty, tried }
}

function readProgress(value: unknown): SyncProgress | undefined {
  if (!isObject(value)) return undefined
  const { kind, height, target } = value
  if (kind === 'synced') return { kind }
  if (kind !== 'catching-up' || !isCount(height) || !isCount(target)) return undefined
  return { kind, height, target }
}

export function entryFields(state: EntryState): Fields {
  if (state.kind === 'rejected') {
    const { code, message } = state.error
    return { kind: state.kind, error: { code, message } }
  }
  if (state.kind !== 'included' && state.kind !== 'final') return { kind: state.kind }
  const { entryId, height, blockHash, index } = state.receipt
  const receipt = { entryId: toHex(entryId), height, blockHash: toHex(blockHash), index }
  return { kind: state.kind, receipt, depth: state.depth }
}

export function readEntryState(value: unknown): EntryState | undefined {
  if (!isObject(value)) return undefined
  const { kind, depth } = value
  if (kind === 'pending' || kind === 'unknown') return { kind }
  if (kind === 'rejected') {
    const error = failureOf(value.error)
    return error && { kind, error }
  }
  const receipt = readReceipt(value.receipt)
  if ((kind !== 'included' && kind !== 'final') || !receipt || !isCount(depth)) return undefined
  return { kind, receipt, depth }
}

function readReceipt(value: unknown): Receipt | undefined {
  if (!isObject(value)) return undefined
  const { height, index } = value
  const entryId = hashOf(value.entryId)
  const blockHash = hashOf(value.blockHash)
  if (!entryId || !blockHash || !isCount(height) || !isCount(index)) return undefined
  return { entryId, height, blockHash, index }
}
