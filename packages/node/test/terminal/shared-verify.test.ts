import { expect, test } from 'vitest'
import type { VerifyReport } from '../../src/ports.ts'
import { SharedVerify } from '../../src/terminal/shared-verify.ts'
import { FakeNode } from '../support/fake-node.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

function verifying() {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const runs: { finish: () => void; fail: (error: Error) => void; signal: AbortSignal | undefined }[] = []
  node.verification = (signal) =>
    new Promise<VerifyReport>((resolve, reject) => {
      runs.push({ finish: () => resolve(node.report()), fail: reject, signal })
      signal?.addEventListener('abort', () => reject(new Error('aborted')))
    })
  return { clock, node, runs, verify: new SharedVerify(node, clock) }
}

/** All promise jobs that are due. */
const jobs = () => new Promise((resolve) => setImmediate(resolve))

const nobody = new AbortController().signal

test('those who ask while it runs share one run', async () => {
  const { runs, verify } = verifying()
  const reports = [verify.ask(nobody), verify.ask(nobody)]
  await jobs()
  expect(runs.length).toBe(1)
  runs[0]!.finish()
  const [first, second] = await Promise.all(reports)
  expect(second).toBe(first)
})

test('after a run it rests for as long as the run took', async () => {
  const { clock, runs, verify } = verifying()
  const first = verify.ask(nobody)
  await jobs()
  clock.advance(5_000)
  runs[0]!.finish()
  await first
  void verify.ask(nobody)
  await jobs()
  clock.advance(4_999)
  await jobs()
  expect(runs.length).toBe(1)
  clock.advance(1)
  await jobs()
  expect(runs.length).toBe(2)
})

test('it is given up when all who asked have gone, and not before', async () => {
  const { runs, verify } = verifying()
  const askers = [new AbortController(), new AbortController()]
  const reports = askers.map(({ signal }) => verify.ask(signal))
  await jobs()
  askers[0]!.abort()
  expect(runs[0]!.signal?.aborted).toBe(false)
  askers[1]!.abort()
  expect(runs[0]!.signal?.aborted).toBe(true)
  expect((await Promise.allSettled(reports)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  void verify.ask(nobody)
  await jobs()
  expect(runs.length).toBe(2)
})

test('a wait for its turn can be given up', async () => {
  const { clock, runs, verify } = verifying()
  const first = verify.ask(nobody)
  await jobs()
  clock.advance(5_000)
  runs[0]!.finish()
  await first
  const asker = new AbortController()
  const report = verify.ask(asker.signal)
  asker.abort()
  await expect(report).rejects.toThrow()
  expect(clock.timerCount).toBe(0)
})

test('a failure reaches everyone, and the next run is a new one', async () => {
  const { runs, verify } = verifying()
  const report = verify.ask(nobody)
  await jobs()
  runs[0]!.fail(new Error('the disk is gone'))
  await expect(report).rejects.toThrow('the disk is gone')
  void verify.ask(nobody)
  await jobs()
  expect(runs.length).toBe(2)
})
