import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, decodePayload, parseBlock, type Result, toHex } from '@pulseledger/core'
import { systemClock } from '../../../src/adapters/clock.ts'
import { askNode } from '../../../src/control/client.ts'
import { loadCrypto } from '../../../src/crypto/index.ts'
import type { Status, VerifyReport } from '../../../src/ports.ts'

export interface ChainReading {
  readonly height: number
  /** The first 8 hexadecimal digits of the block's hash. */
  readonly hash: string
  readonly measure: string
  readonly value: number
}

export const DATA = 'pulseledger-data'

/**
 * The readings from a height on, in the order of the chain, as a running node gives them on its control
 * socket.
 */
export async function readingsOf(directory: string, from = 0): Promise<ChainReading[]> {
  const crypto = await loadCrypto()
  const readings: ChainReading[] = []
  for await (const answer of ask(directory, { command: 'blocks', from, to: 1_000_000_000 })) {
    if (answer.kind === 'block') readings.push(...readingsIn(unwrap(parseBlock(answer.parts, crypto))))
  }
  return readings
}

export async function statusOf(directory: string): Promise<Status> {
  for await (const answer of ask(directory, { command: 'status' })) {
    if (answer.kind === 'status') return answer.status
  }
  throw new Error('the node gave no status')
}

export async function verificationOf(directory: string): Promise<VerifyReport> {
  for await (const answer of ask(directory, { command: 'verify' })) {
    if (answer.kind === 'report') return answer.report
  }
  throw new Error('the node gave no report')
}

/**
 * What node.json says of the process that holds the ledger of a working directory; undefined when nobody
 * does.
 */
export function holderOf(directory: string): { readonly pid: number; readonly control?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, DATA, 'node.json'), 'utf8'))
  } catch {
    return undefined
  }
}

function ask(directory: string, request: Parameters<typeof askNode>[1]): ReturnType<typeof askNode> {
  const control = holderOf(directory)?.control
  if (control === undefined) throw new Error(`no node runs in ${directory}`)
  return askNode(control, request, systemClock)
}

function readingsIn({ header, hash, payloads }: Block): ChainReading[] {
  return payloads.map((bytes) => {
    if (bytes === null) throw new Error(`a payload of block ${header.height} is missing`)
    const { measure, value } = unwrap(decodePayload(bytes))
    return { height: header.height, hash: toHex(hash).slice(0, 8), measure, value }
  })
}

function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(`${result.error.code}: ${result.error.message}`)
}
