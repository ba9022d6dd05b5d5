import { createEngine, encodeHeaders, encodeStatus, type SyncEffect, type SyncEvent } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import type { Conduct } from '../../src/exchange/conduct.ts'
import { ContentsCheck } from '../../src/exchange/contents-check.ts'
import { SyncDriver } from '../../src/exchange/sync-driver.ts'
import { NodeFailure, type RequestOptions } from '../../src/ports.ts'
import { TestChain } from '../support/chain.ts'
import { eventually } from '../support/eventually.ts'
import { keepingLogger } from '../support/log.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const chain = new TestChain('driven')
const block = chain.block(chain.genesis, ['ann']).block
const status = { head: chain.ledgerId, height: 0, weight: 1n }

/** A driver whose machine answers each event as a test says, and whose network is held by hand. */
function drive(script: (event: SyncEvent) => readonly SyncEffect[] = () => []) {
  const seen: SyncEvent[] = []
  const failures: unknown[] = []
  const asked: { options: RequestOptions; answer: (bytes: Uint8Array) => void; fail: (e: Error) => void }[] =
    []
  const done: (() => void)[] = []
  const clock = new VirtualClock()
  const engine = createEngine(chain.document, chain.crypto)
  if (!engine.ok) throw new Error(engine.error.message)
  const rules = { document: chain.document, ledgerId: chain.ledgerId, engine: engine.value }
  const shared = { rules, crypto: chain.crypto, clock, pause: () => Promise.resolve() }
  let isStepping = false
  const driver = new SyncDriver({
    ...shared,
    sync: {
      step(event) {
        expect(isStepping).toBe(false)
        isStepping = true
        seen.push(event)
        const effects = script(event)
        isStepping = false
        return [...effects]
      },
    },
    contents: new ContentsCheck({
      ...shared,
      checkEntries: async (items) => items.map(() => ({ ok: true, value: undefined })),
    }),
    conduct: { disconnect: () => {} } as unknown as Conduct,
    network: {
      request: (_peer: string, _kind: string, _message: Uint8Array, options: RequestOptions) =>
        new Promise<Uint8Array>((answer, fail) => asked.push({ options, answer, fail })),
    } as never,
    logger: keepingLogger(),
    dispatch: (_event, onDone) => done.push(onDone as () => void),
    fail: (error) => failures.push(error),
    tell: () => {},
    status: () => status,
    onStatusOver: () => {},
    onStepped: () => {},
    onFed: () => {},
    onInvalid: () => {},
  })
  return { driver, seen, failures, asked, done, clock }
}

function onTick(...effects: SyncEffect[]) {
  return (event: SyncEvent) => (event.kind === 'tick' ? effects : [])
}

describe('the driver of sync', () => {
  test('tells a status as one of the peer', async () => {
    const { driver, seen, asked } = drive(onTick({ kind: 'request-status', request: 1, peer: 'ann' }))
    driver.step({ kind: 'tick' })
    asked[0]?.answer(encodeStatus(status))
    await eventually(() => seen[1]).toEqual({ kind: 'status', peer: 'ann', status })
  })

  test('ignores what comes for a request that was cancelled', async () => {
    const request = { kind: 'request-status', request: 1, peer: 'ann' } as const
    const { driver, seen, asked } = drive((event) => {
      if (event.kind === 'tick') return [request]
      return event.kind === 'head-moved' ? [{ kind: 'cancel', request: 1 }] : []
    })
    driver.step({ kind: 'tick' })
    driver.step({ kind: 'head-moved' })
    expect(asked[0]?.options.signal?.aborted).toBe(true)
    asked[0]?.answer(encodeStatus(status))
    const second = drive(onTick(request))
    second.driver.step({ kind: 'tick' })
    second.asked[0]?.answer(encodeStatus(status))
    await eventually(() => second.seen.length).toBe(2)
    expect(seen.map(({ kind }) => kind)).toEqual(['tick', 'head-moved'])
  })

  test.each([
    ['PEER_TIMEOUT', false],
    ['PEER_GONE', false],
    ['PEER_REFUSED', false],
    ['PEER_ANSWER_INVALID', true],
  ] as const)('says of %s whether it is a fault: %s', async (code, isFault) => {
    const { driver, seen, asked } = drive(onTick({ kind: 'request-status', request: 7, peer: 'ann' }))
    driver.step({ kind: 'tick' })
    asked[0]?.fail(new NodeFailure(code, 'as the network says'))
    const failed = { kind: 'failed', request: 7, isFault, error: { code, message: 'as the network says' } }
    await eventually(() => seen[1]).toEqual(failed)
  })

  test('takes more headers than it asked for as a fault', async () => {
    const effect = { kind: 'request-headers', request: 2, peer: 'ann', locator: [chain.ledgerId] } as const
    const { driver, seen, asked } = drive(onTick({ ...effect, countMax: 1 }))
    driver.step({ kind: 'tick' })
    asked[0]?.answer(encodeHeaders([block, block]))
    await eventually(() => seen[1]).toMatchObject({ kind: 'failed', isFault: true })
  })

  test('takes an answer without any block as a fault', async () => {
    const effect = { kind: 'request-bodies', request: 3, peer: 'ann', headers: [block] } as const
    const { driver, seen, asked } = drive(onTick(effect))
    driver.step({ kind: 'tick' })
    asked[0]?.answer(new Uint8Array([0x80]))
    await eventually(() => seen[1]).toMatchObject({ kind: 'failed', isFault: true })
  })

  test('says that a feed is over when it is durable, and tells what of it was refused before', () => {
    const { driver, seen, done } = drive(onTick({ kind: 'feed', feed: 4, blocks: [block] }))
    const error = { code: 'BLOCK_LOG_MISMATCH', message: 'so it is' } as const
    driver.refused(block, error)
    driver.step({ kind: 'tick' })
    expect(seen).toHaveLength(1)
    driver.refused(block, error)
    done[0]?.()
    expect(seen.slice(1)).toEqual([
      { kind: 'refused', hash: block.hash, error },
      { kind: 'fed', feed: 4 },
    ])
  })

  test('ends the node, and asks nothing more, when the machine cannot read the store', () => {
    const unreadable = new NodeFailure('STORE_READ_FAILED', 'the disk is broken')
    const { driver, seen, failures } = drive(() => {
      throw unreadable
    })
    driver.step({ kind: 'tick' })
    expect(failures).toEqual([unreadable])
    driver.step({ kind: 'tick' })
    expect(seen).toHaveLength(1)
  })

  test('has one timer, and none after it was stopped', () => {
    const { driver, clock } = drive((event) => [
      { kind: 'wake', time: clock.now() + (event.kind === 'tick' ? 50 : 20) },
    ])
    driver.step({ kind: 'head-moved' })
    driver.step({ kind: 'tick' })
    expect(clock.timerCount).toBe(1)
    driver.stop()
    expect(clock.timerCount).toBe(0)
  })
})
