import { connect } from 'node:net'
import {
  type EntryWithPayload,
  encodePayload,
  fromHex,
  type Hash,
  type Signer,
  signEntry,
  validateEntry,
} from '@pulseledger/core'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { packChunk, unpackChunk } from '../../src/crypto/chunk.ts'
import { loadCrypto, VerifierPool, VerifierPoolError, type VerifierPoolInit } from '../../src/crypto/index.ts'
import type { NodeCrypto } from '../../src/ports.ts'

const LEDGER_ID = fromHex('11'.repeat(32)) as Hash
const OTHER_LEDGER_ID = fromHex('22'.repeat(32)) as Hash
const crypto = await loadCrypto()
const author = crypto.signer(new Uint8Array(32).fill(1))

function item(sequence: number, signer: Signer = author): EntryWithPayload {
  const salt = new Uint8Array(16).fill(sequence)
  const note = 'n'.repeat(1 + (sequence % 50))
  const payload = encodePayload({ salt, measure: 'bpm', value: sequence % 200, time: sequence, note })
  const commitment = crypto.sha256(payload)
  return { entry: signEntry({ ledgerId: LEDGER_ID, sequence, commitment }, signer, crypto), payload }
}

const items = Array.from({ length: 700 }, (_, sequence) => item(sequence))

/** One of each kind of wrong item. */
const wrong = {
  signature: { ...item(1_000), entry: { ...item(1_000).entry, ...withoutSignature(item(1_000)) } },
  commitment: { entry: item(1_001).entry, payload: item(1_002).payload },
  payload: { entry: item(1_003).entry, payload: item(1_003).payload.slice(1) },
}

/** The same entry with the signature of another. */
function withoutSignature({ entry }: EntryWithPayload): Partial<EntryWithPayload['entry']> {
  const signature = item(7).entry.signature
  const at = Buffer.from(entry.bytes).indexOf(entry.signature)
  const bytes = entry.bytes.slice()
  bytes.set(signature, at)
  return { bytes, signature }
}

let pool: VerifierPool | undefined

async function started(init: Partial<VerifierPoolInit> = {}): Promise<VerifierPool> {
  pool = new VerifierPool({ threads: 2, crypto: crypto.name, ...init })
  await pool.start()
  return pool
}

/** A thread that runs this JavaScript instead; `port` is its way to the pool. */
function worker(code: string): URL {
  const head = "import { parentPort as port } from 'node:worker_threads'\n"
  return new URL(`data:text/javascript,${encodeURIComponent(head + code)}`)
}

const READY = "port.postMessage({ kind: 'ready' })\n"

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
}

afterEach(async () => {
  await pool?.stop()
  pool = undefined
})

describe('verifier pool', () => {
  test.each<NodeCrypto['name']>(['sodium-native', 'node:crypto'])(
    'says of every item what validateEntry says, in order, at every size around the chunks: %s',
    async (name) => {
      const pool = await started({ crypto: name })
      const kinds = Object.values(wrong)
      for (const size of [0, 1, 31, 32, 33, 127, 128, 129, 256, 257, 513, 700]) {
        const mixed = items.slice(0, size).map((it, i) => (i % 7 === 3 ? (kinds[i % 3] ?? it) : it))
        const expected = mixed.map((it) => validateEntry(it, LEDGER_ID, crypto))
        expect(await pool.check(LEDGER_ID, mixed)).toEqual(expected)
      }
    },
  )

  test.each([
    ['signature', 'ENTRY_SIGNATURE_INVALID'],
    ['commitment', 'ENTRY_COMMITMENT_MISMATCH'],
    ['payload', 'PAYLOAD_INVALID'],
  ] as const)('names what is wrong with a %s, alone and among others', async (kind, code) => {
    const pool = await started()
    const [alone] = await pool.check(LEDGER_ID, [wrong[kind]])
    const results = await pool.check(LEDGER_ID, items.with(450, wrong[kind]))
    expect(alone).toEqual(results[450])
    expect(results.flatMap((it, i) => (it.ok ? [] : [[i, it.error.code]]))).toEqual([[450, code]])
  })

  test('entries signed for one ledger are void on another', async () => {
    const pool = await started()
    const results = await pool.check(OTHER_LEDGER_ID, items.slice(0, 100))
    expect(results.map((it) => it.ok || it.error.code)).toEqual(Array(100).fill('ENTRY_SIGNATURE_INVALID'))
  })

  test('answers many calls at once, each with its own results', async () => {
    const pool = await started()
    const calls = Array.from({ length: 12 }, (_, call) => items.with(call * 50, wrong.signature))
    const answers = await Promise.all(calls.map((call) => pool.check(LEDGER_ID, call)))
    answers.forEach((results, call) => {
      expect(results.flatMap((it, i) => (it.ok ? [] : [i]))).toEqual([call * 50])
    })
  })

  test('a small call does not wait for a large one that came before it', async () => {
    const pool = await started({ threads: 1 })
    const order: string[] = []
    const large = pool.check(LEDGER_ID, [...items, ...items, ...items]).then(() => order.push('large'))
    const small = pool.check(LEDGER_ID, items.slice(0, 40)).then(() => order.push('small'))
    await Promise.all([large, small])
    expect(order).toEqual(['small', 'large'])
  })

  test('leaves the items as they were', async () => {
    const pool = await started()
    const before = items.map(({ entry, payload }) => [entry.bytes.slice(), payload.slice()])
    await pool.check(LEDGER_ID, items)
    expect(items.map(({ entry, payload }) => [entry.bytes, payload])).toEqual(before)
  })
})

describe('a verifier pool that ends', () => {
  test('is not running before start, and starts once', async () => {
    const pool = new VerifierPool({ threads: 1, crypto: crypto.name })
    await expect(pool.check(LEDGER_ID, items)).rejects.toThrow('not started')
    await pool.start()
    await expect(pool.start()).rejects.toThrow('started before')
    await pool.stop()
    await expect(pool.start()).rejects.toThrow(VerifierPoolError)
  })

  test('rejects what it has not answered when it is stopped, and everything after', async () => {
    const pool = await started({ worker: worker(`${READY} port.on('message', () => {})`) })
    const open = rejection(pool.check(LEDGER_ID, items))
    await Promise.all([pool.stop(), pool.stop()])
    await pool.stop()
    expect(await open).toEqual(new VerifierPoolError('the verifier pool was stopped'))
    await expect(pool.check(LEDGER_ID, items)).rejects.toThrow('was stopped')
    await expect(pool.check(LEDGER_ID, [])).rejects.toThrow('was stopped')
  })

  test('can be stopped before it starts, and while its threads start', async () => {
    const never = new VerifierPool({ threads: 1, crypto: crypto.name })
    await never.stop()
    await expect(never.start()).rejects.toThrow('was stopped')

    const channel = new BroadcastChannel('verifier-pool.test')
    const loaded = new Promise((resolve) => {
      channel.onmessage = resolve
    })
    const silent = worker("new BroadcastChannel('verifier-pool.test').postMessage('loaded')")
    const starting = new VerifierPool({ threads: 2, crypto: crypto.name, worker: silent })
    const start = rejection(starting.start())
    await loaded
    channel.close()
    await starting.stop()
    expect(await start).toEqual(new VerifierPoolError('the verifier pool was stopped'))
  })

  test.each([
    ['throws', "throw new Error('planted')", 'failed: Error: planted'],
    ['exits', 'process.exit(0)', 'ended by itself with code 0'],
  ])('rejects all calls, now and later, when a thread %s', async (_, code, message) => {
    const failing = worker(`${READY} port.on('message', () => { ${code} })`)
    const pool = await started({ threads: 1, worker: failing })
    const calls = [pool.check(LEDGER_ID, items), pool.check(LEDGER_ID, items.slice(0, 50))].map(rejection)
    for (const error of await Promise.all(calls)) {
      expect(error).toBeInstanceOf(VerifierPoolError)
      expect((error as Error).message).toContain(`thread verifier-1 of the verifier pool`)
      expect((error as Error).message).toContain(message)
    }
    await expect(pool.check(LEDGER_ID, items)).rejects.toThrow(message)
    await expect(pool.check(LEDGER_ID, items.slice(0, 1))).rejects.toThrow(message)
    await pool.stop()
    await expect(pool.check(LEDGER_ID, items)).rejects.toThrow(message)
  })

  test.each([
    ['throws at once', "throw new Error('planted at the start')", 'failed: Error: planted at the start'],
    ['exits at once', 'process.exit(3)', 'ended by itself with code 3'],
    ['does not load', 'this is not JavaScript', 'failed: SyntaxError'],
  ])('does not start when a thread %s', async (_, code, message) => {
    const pool = new VerifierPool({ threads: 2, crypto: crypto.name, worker: worker(code) })
    await expect(pool.start()).rejects.toThrow(message)
    await expect(pool.check(LEDGER_ID, items)).rejects.toThrow(message)
  })

  test('leaves no thread behind when one of them does not start', async () => {
    // The second thread holds a port; the first one fails once that is so. What answers there is the thread.
    const both = worker(`
      import { createServer } from 'node:net'
      import { threadName } from 'node:worker_threads'
      const channel = new BroadcastChannel('verifier-pool.test')
      if (threadName === 'verifier-2') {
        const server = createServer().listen(0, '127.0.0.1', () => channel.postMessage(server.address().port))
      } else {
        channel.onmessage = ({ data }) => {
          if (data === 'fail') throw new Error('planted')
        }
        channel.postMessage('waits')
      }
    `)
    const channel = new BroadcastChannel('verifier-pool.test')
    const said = new Promise<number>((resolve) => {
      const heard: unknown[] = []
      channel.onmessage = ({ data }) => {
        heard.push(data)
        if (heard.length === 2) resolve(heard.find((it) => typeof it === 'number') as number)
      }
    })
    const starting = new VerifierPool({ threads: 2, crypto: crypto.name, worker: both })
    const start = rejection(starting.start())
    const port = await said
    expect(await connects(port)).toBe(true)
    channel.postMessage('fail')
    expect(String(await start)).toContain('thread verifier-1 of the verifier pool failed: Error: planted')
    expect(await connects(port)).toBe(false)
    channel.close()
  })

  test('has at least one thread', async () => {
    const pool = new VerifierPool({ threads: 0, crypto: crypto.name })
    await expect(pool.start()).rejects.toThrow('at least one thread')
  })
})

describe('a chunk', () => {
  test('is unpacked as it was packed', () => {
    const bytes = fc.uint8Array({ maxLength: 60 })
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes, bytes), { maxLength: 20 }), (pairs) => {
        const chunk = pairs.map(([entry, payload]) => ({
          entry: { ...(items[0] as EntryWithPayload).entry, bytes: entry },
          payload,
        }))
        const unpacked = unpackChunk(packChunk(LEDGER_ID, chunk))
        expect(unpacked.ledgerId).toEqual(LEDGER_ID)
        expect(unpacked.items).toEqual(pairs.map(([entry, payload]) => ({ entry, payload })))
      }),
    )
  })
})
