import { type EntryWithPayload, encodePayload, fail, ok, type Result, signEntry } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { type NodeEvent, NodeFailure, type Receipt } from '../src/ports.ts'
import { MemoryDisk } from '../src/store/memory/memory-disk.ts'
import { COMMIT_FAULTS } from './support/fault-store.ts'
import { crypto, type MemoryNode, startMemoryNode } from './support/memory-node.ts'

const READING = { measure: 'bpm', value: 72 }

/** Commits wait until they are let through. */
function gate(): { readonly pass: () => void; readonly beforeCommit: () => Promise<void> } {
  const waiting: (() => void)[] = []
  return {
    pass: () => waiting.shift()?.(),
    beforeCommit: () => new Promise((resolve) => waiting.push(resolve)),
  }
}

function values(node: MemoryNode): number[] {
  return [...node.service.blocks(0, Number.MAX_SAFE_INTEGER)].flatMap((block) =>
    block.payloads.map((payload) => payload?.length ?? 0),
  )
}

describe('the runner', () => {
  test('persists, then publishes, then notifies', async () => {
    const { pass, beforeCommit } = gate()
    const node = await startMemoryNode({ beforeCommit })
    const submitted = node.service.submit(READING)
    expect(node.told).toEqual([])
    await Promise.resolve()
    pass()
    expect((await submitted).ok).toBe(true)
    expect(node.told).toEqual(['publish 1', 'notify block-connected', 'notify included'])
  })

  test('puts everything that comes during a commit into the next block', async () => {
    const { pass, beforeCommit } = gate()
    const node = await startMemoryNode({ beforeCommit })
    const first = node.service.submit(READING)
    const others = Array.from({ length: 100 }, () => node.service.submit(READING))
    pass()
    expect(await first).toMatchObject({ ok: true, value: { height: 1 } })
    pass()
    const heights = new Set((await Promise.all(others)).map((result) => result.ok && result.value.height))
    expect(heights).toEqual(new Set([2]))
    expect(node.service.unansweredCount).toBe(0)
  })

  test('tells a refused reading why, and stores nothing', async () => {
    const node = await startMemoryNode()
    const result = await node.service.submit({ measure: 'bpm', value: 501 })
    expect(result).toMatchObject({ ok: false, error: { code: 'READING_OUT_OF_RANGE' } })
    expect(node.service.status().head.height).toBe(0)
  })

  test('is idle only when every effect is done', async () => {
    const { pass, beforeCommit } = gate()
    const node = await startMemoryNode({ beforeCommit })
    let isIdle = false
    const submitted = node.service.submit(READING)
    const idle = node.runner.idle().then(() => {
      isIdle = true
    })
    await Promise.resolve()
    expect(isIdle).toBe(false)
    pass()
    await submitted
    await idle
    await node.runner.idle()
  })
})

describe('whoever hands an event to the runner', () => {
  test('is called once everything that it brought is durable, also when nothing did', async () => {
    const { pass, beforeCommit } = gate()
    const node = await startMemoryNode({ beforeCommit })
    const other = await startMemoryNode()
    await other.service.submit(READING)
    const blocks = [...other.service.blocks(1, 1)]
    const done: string[] = []
    node.runner.dispatch({ kind: 'blocks-received', blocks }, () => done.push('first'))
    node.runner.dispatch({ kind: 'blocks-received', blocks }, () => done.push('again'))
    await Promise.resolve()
    expect(done).toEqual([])
    pass()
    await node.runner.idle()
    expect(done).toEqual(['first', 'again'])
    node.runner.dispatch({ kind: 'blocks-received', blocks }, () => done.push('known'))
    await node.runner.idle()
    expect(done).toEqual(['first', 'again', 'known'])
    expect(node.service.status().head.height).toBe(1)
    expect(node.told).toEqual(['notify block-connected'])
  })

  test('is not called after a failure', async () => {
    const node = await startMemoryNode()
    node.store.arm('not-done')
    let isCalled = false
    const isDone = () => {
      isCalled = true
    }
    void node.service.submit(READING)
    node.runner.dispatch({ kind: 'tick' }, isDone)
    await node.runner.idle()
    node.runner.dispatch({ kind: 'tick' }, isDone)
    await node.runner.idle()
    expect(isCalled).toBe(false)
  })
})

describe('the service among peers', () => {
  test('says where an entry is, from its submission to its final block', async () => {
    const { pass, beforeCommit } = gate()
    const node = await startMemoryNode({ beforeCommit })
    const submitted = node.service.submit(READING)
    const id = crypto.sha256(new Uint8Array(1))
    expect(node.service.entryState(id)).toEqual({ kind: 'unknown' })
    const waiting = node.service.submit(READING)
    const [entry] = [...node.ledger.pending.entries()]
    expect(entry && node.service.entryState(entry.entry.id)).toEqual({ kind: 'pending' })
    await Promise.resolve()
    pass()
    const first = await submitted
    pass()
    await waiting
    if (!first.ok) throw new Error(first.error.message)
    expect(node.service.entryState(first.value.entryId)).toEqual({
      kind: 'included',
      receipt: first.value,
      depth: 1,
    })
  })

  test('counts readings that wait to be signed, and answers them once the node caught up', async () => {
    const node = await startMemoryNode()
    node.runner.dispatch({ kind: 'network', peerCount: 1, isBehind: true })
    const submitted = node.service.submit(READING)
    expect(node.service.status()).toMatchObject({ pendingCount: 1, head: { height: 0 } })
    node.runner.dispatch({ kind: 'network', peerCount: 1, isBehind: false })
    expect(await submitted).toMatchObject({ ok: true, value: { height: 1 } })
  })

  test('passes on what it is told, and where a receipt moved', async () => {
    const node = await startMemoryNode()
    const events: NodeEvent[] = []
    node.service.subscribe((event) => events.push(event))
    const place = {
      entryId: crypto.sha256(new Uint8Array(2)),
      height: 1,
      blockHash: node.rules.ledgerId,
      index: 0,
    }
    node.service.tell({ kind: 'peer-gone', id: 'somebody' })
    node.service.onNotices([
      { kind: 'receipt-withdrawn', entryId: place.entryId },
      { kind: 'receipt-moved', ...place },
    ])
    expect(events).toEqual([
      { kind: 'peer-gone', id: 'somebody' },
      { kind: 'receipt-withdrawn', entryId: place.entryId },
      { kind: 'receipt-moved', receipt: place },
    ])
    expect(node.service.peers()).toEqual([])
    expect(node.service.invite()).toBeUndefined()
    expect(node.service.status().network).toBeUndefined()
  })
})

describe.each(COMMIT_FAULTS)('when a commit fails (%s)', (fault) => {
  test.each([0, 1, 2, 5])(
    'after %i good ones, nothing is acknowledged any more and nothing acknowledged is lost',
    async (commitsBefore) => {
      const disk = new MemoryDisk()
      const node = await startMemoryNode({ disk })
      node.store.arm(fault, commitsBefore)
      const results: Result<Receipt>[] = []
      for (let i = 0; i < commitsBefore + 3; i++) results.push(await node.service.submit(READING))

      expect(results.map((result) => result.ok)).toEqual(results.map((_, i) => i < commitsBefore))
      expect(results.at(-1)).toMatchObject({ ok: false, error: { code: 'NODE_STOPPING' } })
      expect(node.failures.map(({ code }) => code)).toEqual(['STORE_WRITE_FAILED'])
      expect(node.told.filter((what) => what.startsWith('publish'))).toHaveLength(commitsBefore)

      const again = await startMemoryNode({ disk: disk.copy() })
      const done = fault === 'not-done' ? 0 : 1
      expect(values(again)).toHaveLength(commitsBefore + done)
      for (const result of results) {
        if (result.ok)
          expect(again.store.entryById(result.value.entryId)).toMatchObject({ height: result.value.height })
      }
      expect(await again.service.submit(READING)).toMatchObject({ ok: true })
    },
  )

  test('all who wait are told that their reading is not confirmed', async () => {
    const node = await startMemoryNode()
    node.store.arm(fault)
    const results = await Promise.all(Array.from({ length: 20 }, () => node.service.submit(READING)))
    for (const result of results)
      expect(result).toMatchObject({ ok: false, error: { code: 'NODE_STOPPING' } })
    expect(node.service.unansweredCount).toBe(0)
    await node.runner.idle()
  })
})

describe('entries signed by their authors', () => {
  function signed(node: MemoryNode, sequence: number, value = 72): EntryWithPayload {
    const author = crypto.signer(new Uint8Array(32).fill(9))
    const payload = encodePayload({ salt: new Uint8Array(16), measure: 'bpm', value, time: sequence })
    const commitment = crypto.sha256(payload)
    return {
      entry: signEntry({ ledgerId: node.rules.ledgerId, sequence, commitment }, author, crypto),
      payload,
    }
  }

  test('get their results in order, and a bad one harms no other', async () => {
    const bad = fail('ENTRY_SIGNATURE_INVALID', 'made to fail')
    const node = await startMemoryNode({ check: () => [ok(), bad, ok(), ok()] })
    const items = [signed(node, 0), signed(node, 7), signed(node, 1, 900), signed(node, 1)]
    const results = await node.service.submitEntries(items)
    expect(results.map((result) => (result.ok ? result.value.index : result.error.code))).toEqual([
      0,
      'ENTRY_SIGNATURE_INVALID',
      'READING_OUT_OF_RANGE',
      1,
    ])
    const states = items.map(({ entry }) => node.service.entryState(entry.id))
    expect(states.map((state) => (state.kind === 'rejected' ? state.error.code : state.kind))).toEqual([
      'included',
      'ENTRY_SIGNATURE_INVALID',
      'READING_OUT_OF_RANGE',
      'included',
    ])
  })

  test('submitted twice while they wait are stored once and answered twice', async () => {
    const { pass, beforeCommit } = gate()
    const node = await startMemoryNode({ beforeCommit })
    const first = node.service.submit(READING)
    const twice = [
      node.service.submitEntries([signed(node, 0)]),
      node.service.submitEntries([signed(node, 0)]),
    ]
    await Promise.resolve()
    pass()
    await first
    pass()
    const [one, other] = await Promise.all(twice)
    expect(one).toEqual(other)
    expect(one?.[0]).toMatchObject({ ok: true, value: { height: 2 } })
  })

  test('are answered also when the node fails while they are checked', async () => {
    const node = await startMemoryNode()
    const entries = node.service.submitEntries([signed(node, 0)])
    node.service.onFailure(new NodeFailure('STORE_WRITE_FAILED', 'made to fail'))
    expect(await entries).toMatchObject([{ ok: false, error: { code: 'NODE_STOPPING' } }])
    expect(node.service.unansweredCount).toBe(0)
  })
})
