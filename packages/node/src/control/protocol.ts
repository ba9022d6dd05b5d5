import { type BlockParts, type Failure, fail, type Hash, ok, type Result, toHex } from '@pulseledger/core'
import type { EntryState, PeerView, Status, VerifyProblem, VerifyProgress, VerifyReport } from '../ports.ts'
import { type Fields, failureOf, hashOf, isCount, isObject } from './fields.ts'
import {
  entryFields,
  peerFields,
  readEntryState,
  readMining,
  readNetwork,
  readPeers,
} from './network-fields.ts'

/**
 * What the command line and a running node say to each other over the control socket. A connection carries
 * one request, one line of JSON, and its answer, any number of such lines:
 *
 *     {"control":1,"command":"blocks","from":0,"to":9}
 *
 *     {"kind":"accepted"}
 *     {"kind":"block","header":"<base64>","signature":"...","body":"...","payloads":["<base64>",null]}
 *     {"kind":"end"}
 *
 * An answer ends with `end` or `error`; one that stops before either was cut off. Blocks travel as the bytes
 * that they are stored as, so that the command line decodes and checks them itself.
 */
export type ControlRequest =
  | { readonly command: 'status' }
  /** Canonical blocks, both heights included; those that are not there are left out. */
  | { readonly command: 'blocks'; readonly from: number; readonly to: number }
  /** A block of any branch; the answer is empty when there is none. */
  | { readonly command: 'block'; readonly hash: Hash }
  /** Canonical blocks from a height on, and then each new one for as long as the connection lasts. */
  | { readonly command: 'follow'; readonly from: number }
  | { readonly command: 'verify' }
  | { readonly command: 'peers' }
  | { readonly command: 'invite' }
  /** What became of the entry with this id. */
  | { readonly command: 'entry'; readonly hash: Hash }

export type ControlAnswer =
  /** The request is understood and is being worked on. Always the first. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'block'; readonly parts: BlockParts }
  /** While following: what was sent of this height and above left the chain, and what replaces it follows. */
  | { readonly kind: 'rewound'; readonly height: number }
  | { readonly kind: 'progress'; readonly progress: VerifyProgress }
  | { readonly kind: 'report'; readonly report: VerifyReport }
  | { readonly kind: 'peers'; readonly peers: readonly PeerView[] }
  /** Null: the node has no network. */
  | { readonly kind: 'invite'; readonly invite: string | null }
  | { readonly kind: 'entry'; readonly state: EntryState }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: Failure }

const VERSION = 1

/** The arguments of each command, in the order in which they are written. */
const ARGUMENTS: Record<ControlRequest['command'], readonly string[]> = {
  status: [],
  blocks: ['from', 'to'],
  block: ['hash'],
  follow: ['from'],
  verify: [],
  peers: [],
  invite: [],
  entry: ['hash'],
}

/** One line without its end. */
export function formatRequest(request: ControlRequest): string {
  const hash = 'hash' in request ? { hash: toHex(request.hash) } : {}
  return JSON.stringify({ control: VERSION, ...request, ...hash })
}

/** Errors: CONTROL_REQUEST_INVALID. */
export function parseRequest(line: string): Result<ControlRequest> {
  const fields = parseObject(line)
  if (fields === undefined) return refused('it is not one JSON object')
  const { control, command, from, to, hash } = fields
  if (control !== VERSION) return refused(`its version is not ${VERSION}, which this node speaks`)
  if (!isCommand(command)) return refused('its command is unknown')
  const names = ['control', 'command', ...ARGUMENTS[command]]
  if (Object.keys(fields).length !== names.length || !names.every((name) => Object.hasOwn(fields, name))) {
    return refused(`the fields of ${command} are ${names.join(', ')}`)
  }
  for (const height of [from, to]) {
    if (height !== undefined && !isCount(height)) return refused('a height is a whole number from 0')
  }
  switch (command) {
    case 'status':
    case 'verify':
    case 'peers':
    case 'invite':
      return ok({ command })
    case 'blocks':
      return ok({ command, from: from as number, to: to as number })
    case 'follow':
      return ok({ command, from: from as number })
    case 'block':
    case 'entry': {
      const bytes = hashOf(hash)
      return bytes ? ok({ command, hash: bytes }) : refused('a hash is 64 lower-case hexadecimal digits')
    }
  }
}

/** One line without its end. */
export function formatAnswer(answer: ControlAnswer): string {
  switch (answer.kind) {
    case 'block': {
      const { headerBytes, signature, bodyBytes, payloads } = answer.parts
      const texts = {
        header: toBase64(headerBytes),
        signature: toBase64(signature),
        body: toBase64(bodyBytes),
        payloads: payloads.map((payload) => payload && toBase64(payload)),
      }
      return JSON.stringify({ kind: 'block', ...texts })
    }
    case 'status': {
      const { ledger, head, publicKey, network = null, mining = null, ...rest } = answer.status
      const texts = {
        ledger: { ...ledger, id: toHex(ledger.id) },
        head: { ...head, hash: toHex(head.hash) },
        publicKey: toHex(publicKey),
        network,
        mining,
      }
      return JSON.stringify({ kind: 'status', status: { ...rest, ...texts } })
    }
    case 'error': {
      const { code, message } = answer.error
      return JSON.stringify({ kind: 'error', error: { code, message } })
    }
    case 'peers':
      return JSON.stringify({ kind: 'peers', peers: answer.peers.map(peerFields) })
    case 'entry':
      return JSON.stringify({ kind: 'entry', state: entryFields(answer.state) })
    default:
      return JSON.stringify(answer)
  }
}

/**
 * Undefined when it is not an answer of this version. The node is trusted otherwise: it is the user's own.
 */
export function parseAnswer(line: string): ControlAnswer | undefined {
  const fields = parseObject(line)
  if (fields === undefined) return undefined
  switch (fields.kind) {
    case 'accepted':
    case 'end':
      return { kind: fields.kind }
    case 'rewound':
      return isCount(fields.height) ? { kind: 'rewound', height: fields.height } : undefined
    case 'block':
      return parseBlockAnswer(fields)
    case 'status':
      return isObject(fields.status) ? parseStatus(fields.status) : undefined
    case 'progress':
      return isObject(fields.progress) ? parseProgress(fields.progress) : undefined
    case 'report':
      return isObject(fields.report) ? parseReport(fields.report) : undefined
    case 'error': {
      const error = failureOf(fields.error)
      return error && { kind: 'error', error }
    }
    default:
      return parseNetworkAnswer(fields)
  }
}

function parseNetworkAnswer({ kind, peers, invite, state }: Fields): ControlAnswer | undefined {
  switch (kind) {
    case 'peers': {
      const read = readPeers(peers)
      return read && { kind, peers: read }
    }
    case 'invite':
      return invite === null || typeof invite === 'string' ? { kind, invite } : undefined
    case 'entry': {
      const read = readEntryState(state)
      return read && { kind, state: read }
    }
    default:
      return undefined
  }
}

function parseBlockAnswer({ header, signature, body, payloads }: Fields): ControlAnswer | undefined {
  if (typeof header !== 'string' || typeof signature !== 'string' || typeof body !== 'string')
    return undefined
  if (!Array.isArray(payloads)) return undefined
  if (!payloads.every((payload) => payload === null || typeof payload === 'string')) return undefined
  const parts: BlockParts = {
    headerBytes: fromBase64(header),
    signature: fromBase64(signature),
    bodyBytes: fromBase64(body),
    payloads: payloads.map((payload: string | null) => (payload === null ? null : fromBase64(payload))),
  }
  return { kind: 'block', parts }
}

function parseStatus(fields: Fields): ControlAnswer | undefined {
  const { ledger, head, finalHeight, pendingCount, publicKey, startedAt } = fields
  if (!isObject(ledger) || !isObject(head)) return undefined
  const { name, engine } = ledger
  const { height, time, size } = head
  const id = hashOf(ledger.id)
  const hash = hashOf(head.hash)
  const key = hashOf(publicKey)
  if (typeof name !== 'string' || typeof engine !== 'string' || !id || !hash || !key) return undefined
  if (!isCount(height) || !isCount(time) || !isCount(size)) return undefined
  if (!isCount(finalHeight) || !isCount(pendingCount) || !isCount(startedAt)) return undefined
  const network = readNetwork(fields.network)
  const mining = readMining(fields.mining)
  if (network === 'broken' || mining === 'broken') return undefined
  const status: Status = {
    ledger: { name, id, engine },
    head: { height, hash, time, size },
    finalHeight,
    pendingCount,
    publicKey: key,
    startedAt,
    network,
    mining,
  }
  return { kind: 'status', status }
}

function parseProgress({ height, headHeight }: Fields): ControlAnswer | undefined {
  if (!isCount(height) || !isCount(headHeight)) return undefined
  return { kind: 'progress', progress: { height, headHeight } }
}

function parseReport({
  ok,
  headHeight,
  blockCount,
  entryCount,
  erasedCount,
  isUnsettled,
  problems,
}: Fields): ControlAnswer | undefined {
  if (typeof ok !== 'boolean' || !Array.isArray(problems) || !problems.every(isProblem)) return undefined
  if (!isCount(headHeight) || !isCount(blockCount) || !isCount(entryCount)) return undefined
  if (!isCount(erasedCount) || typeof isUnsettled !== 'boolean') return undefined
  return {
    kind: 'report',
    report: { ok, headHeight, blockCount, entryCount, erasedCount, isUnsettled, problems },
  }
}

function isProblem(value: unknown): value is VerifyProblem {
  if (!isObject(value)) return false
  const { height, field, message, remedy } = value
  const hasTexts = [field, message, remedy].every((text) => typeof text === 'string')
  return hasTexts && (height === undefined || isCount(height))
}

function refused(why: string): ReturnType<typeof fail> {
  return fail('CONTROL_REQUEST_INVALID', `the request is refused: ${why}`)
}

function parseObject(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isCommand(value: unknown): value is ControlRequest['command'] {
  return typeof value === 'string' && Object.hasOwn(ARGUMENTS, value)
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

/** What is not base64 is skipped; a block made of it fails its checks. */
function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'))
}
