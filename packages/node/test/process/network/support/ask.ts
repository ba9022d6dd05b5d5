import { type Block, decodePayload, parseBlock, type Result, toHex } from '@pulseledger/core'
import { systemClock } from '../../../../src/adapters/clock.ts'
import { askNode } from '../../../../src/control/client.ts'
import type { ControlAnswer } from '../../../../src/control/protocol.ts'
import { loadCrypto } from '../../../../src/crypto/index.ts'
import type { PeerView, Status, VerifyReport } from '../../../../src/ports.ts'
import { readHolder } from '../../../../src/store/level/data-directory.ts'

/** A reading on the chain of a node. */
export interface PlacedReading {
  readonly height: number
  /** The first 8 hexadecimal digits of the block's hash. */
  readonly hash: string
  readonly producer: string
  readonly author: string
  readonly sequence: number
  readonly value: number
}

/** What a running node says of itself over the control socket. `directory` is its data directory. */
export async function statusOf(directory: string): Promise<Status> {
  const answer = await first(directory, 'status')
  if (answer.kind !== 'status') throw new Error('the node gave no status')
  return answer.status
}

export async function peersOf(directory: string): Promise<readonly PeerView[]> {
  const answer = await first(directory, 'peers')
  if (answer.kind !== 'peers') throw new Error('the node gave no peers')
  return answer.peers
}

export async function verificationOf(directory: string): Promise<VerifyReport> {
  for await (const answer of ask(directory, { command: 'verify' })) {
    if (answer.kind === 'report') return answer.report
  }
  throw new Error('the node gave no report')
}

/** `<height> <64 hex>` */
export async function headOf(directory: string): Promise<string> {
  const { head } = await statusOf(directory)
  return `${head.height} ${toHex(head.hash)}`
}

/** Of the canonical block of this height, in hexadecimal; undefined when there is none. */
export async function hashAt(directory: string, height: number): Promise<string | undefined> {
  const crypto = await loadCrypto()
  for await (const answer of ask(directory, { command: 'blocks', from: height, to: height })) {
    if (answer.kind === 'block') return toHex(unwrap(parseBlock(answer.parts, crypto)).hash)
  }
  return undefined
}

/** All readings, in the order of the chain. */
export async function readingsOf(directory: string): Promise<PlacedReading[]> {
  const crypto = await loadCrypto()
  const readings: PlacedReading[] = []
  for await (const answer of ask(directory, { command: 'blocks', from: 0, to: 1_000_000_000 })) {
    if (answer.kind === 'block') readings.push(...readingsIn(unwrap(parseBlock(answer.parts, crypto))))
  }
  return readings
}

async function first(directory: string, command: 'status' | 'peers'): Promise<ControlAnswer> {
  for await (const answer of ask(directory, { command })) return answer
  throw new Error(`the node gave no ${command}`)
}

function ask(directory: string, request: Parameters<typeof askNode>[1]): ReturnType<typeof askNode> {
  const control = readHolder(directory)?.control
  if (control === undefined) throw new Error(`no node runs in ${directory}`)
  return askNode(control, request, systemClock)
}

function readingsIn({ header, hash, entries, payloads }: Block): PlacedReading[] {
  return entries.map(({ author, sequence }, index) => {
    const bytes = payloads[index]
    if (bytes === null || bytes === undefined)
      throw new Error(`a payload of block ${header.height} is missing`)
    const { value } = unwrap(decodePayload(bytes))
    return {
      height: header.height,
      hash: toHex(hash).slice(0, 8),
      producer: toHex(header.producer),
      author: toHex(author),
      sequence,
      value,
    }
  })
}

function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(`${result.error.code}: ${result.error.message}`)
}
