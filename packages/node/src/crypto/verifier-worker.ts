/** A thread of the verifier pool: checks chunks in the order in which they come. See `verifier-pool.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { decodeEntry, invariant, type Result, validateEntry } from '@pulseledger/core'
import type { NodeCrypto } from '../ports.ts'
import { unpackChunk } from './chunk.ts'
import { loadCrypto } from './load.ts'
import type { ChunkMessage, ItemFailure, VerifierWorkerData, WorkerMessage } from './verifier-pool.ts'

const { crypto: name } = workerData as VerifierWorkerData
const crypto = await loadCrypto(name === 'sodium-native' ? 'sodium' : 'node')
invariant(parentPort !== null, 'this module runs in a worker thread')
const port = parentPort

port.on('message', ({ id, chunk }: ChunkMessage) => {
  say({ kind: 'checked', id, failures: checkChunk(chunk, crypto) })
})
say({ kind: 'ready' })

function say(message: WorkerMessage): void {
  port.postMessage(message)
}

function checkChunk(chunk: ArrayBuffer, crypto: NodeCrypto): ItemFailure[] {
  const { ledgerId, items } = unpackChunk(chunk)
  const failures: ItemFailure[] = []
  for (const [index, { entry, payload }] of items.entries()) {
    const decoded = decodeEntry(entry, crypto)
    const result: Result<unknown> = decoded.ok
      ? validateEntry({ entry: decoded.value, payload }, ledgerId, crypto)
      : decoded
    if (!result.ok) failures.push({ index, error: result.error })
  }
  return failures
}
