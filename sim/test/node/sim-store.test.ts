import { type Change, keyOf } from '@pulseledger/core'
import { type MemoryDisk, MemoryStore, type NodeFailure } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import { append, type TestBlock } from '../../../packages/node/test/support/chain.ts'
import { Chance } from '../../kernel/chance.ts'
import { Owner, Scheduler, SimClock } from '../../kernel/scheduler.ts'
import { type DiskHealth, healthyDisk, SimStore } from '../../node/sim-store.ts'
import { TestGroup } from '../support/group.ts'
import { pass } from '../support/passing.ts'

let group: TestGroup
/** A block with an entry, and the change that stores it and an entry that waits. */
let block: TestBlock
let change: Change
let next: Change
/** What a disk is with the change, and with the next one. */
let after: MemoryDisk
let afterNext: MemoryDisk

beforeAll(async () => {
  group = await TestGroup.create()
  block = group.chain.block(group.chain.genesis, ['ann', 'bea'])
  change = append(block, { pendingAdd: [group.chain.entry('cem', 0)] })
  next = append(group.chain.block(block, ['ann']))
  after = group.genesis.disk.copy()
  const store = new MemoryStore({ disk: after })
  await store.open()
  await store.commit(change)
  await store.close()
  afterNext = after.copy()
  const another = new MemoryStore({ disk: afterNext })
  await another.open()
  await another.commit(next)
  await another.close()
})

interface Opened {
  readonly store: SimStore
  readonly disk: MemoryDisk
  readonly scheduler: Scheduler
  /** What was told, and to whom, in its order. */
  readonly told: string[]
  readonly owner: Owner
}

async function opened(
  part: Partial<DiskHealth> = {},
  seed = 1,
  disk = group.genesis.disk.copy(),
): Promise<Opened> {
  const scheduler = new Scheduler(0)
  const owner = new Owner('node')
  const told: string[] = []
  const store = new SimStore({
    ...{ disk, health: Object.assign(healthyDisk(), part), chance: new Chance(seed, 'disk') },
    clock: new SimClock(scheduler, owner),
    onCommitted: ({ blocks }) => told.push(`committed ${blocks[0]?.block.header.height}`),
    onFailed: ({ code }) => told.push(`failed ${code}`),
  })
  await store.open()
  return { store, disk, scheduler, told, owner }
}

/** Tells what becomes of it. */
function commit({ store, told }: Opened, what: Change = change): void {
  void store.commit(what).then(
    () => told.push('resolved'),
    (failure: NodeFailure) => told.push(`rejected ${failure.code}`),
  )
}

/** As the process is killed: its tasks never run. */
function crash({ store, owner }: Opened, isWritten: boolean): void {
  owner.isDead = true
  store.crash(isWritten)
}

function expectDisk(disk: MemoryDisk, expected: MemoryDisk): void {
  expect(disk.copy()).toEqual(expected.copy())
}

describe('a commit', () => {
  test('takes its time, is on the disk then, and is told to those who look on before the node', async () => {
    const on = await opened({ commitMs: [7, 7] })
    commit(on)
    await pass(on.scheduler, 6)
    expect(on.told).toEqual([])
    expectDisk(on.disk, group.genesis.disk)
    await pass(on.scheduler, 1)
    expect(on.told).toEqual(['committed 1', 'resolved'])
    expectDisk(on.disk, after)
  })

  test('that was acknowledged is on the disk whatever happens afterwards', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const on = await opened({ commitMs: [0, 9], syncFailureShare: 0.5 }, seed)
      commit(on)
      await pass(on.scheduler, seed % 10)
      const isAcknowledged = on.told.includes('resolved')
      crash(on, false)
      await pass(on.scheduler, 100)
      if (isAcknowledged) expectDisk(on.disk, after)
    }
  })

  test('waits for those before it', async () => {
    const on = await opened({ commitMs: [5, 5] })
    commit(on)
    commit(on, next)
    await pass(on.scheduler, 9)
    expect(on.told).toEqual(['committed 1', 'resolved'])
    await pass(on.scheduler, 1)
    expect(on.told).toEqual(['committed 1', 'resolved', 'committed 2', 'resolved'])
    expectDisk(on.disk, afterNext)
  })
})

describe('a crash during a commit', () => {
  test.each([0, 1, 5, 9])('leaves nothing of it, after %i ms', async (ms) => {
    const on = await opened({ commitMs: [10, 10] })
    commit(on)
    await pass(on.scheduler, ms)
    crash(on, false)
    await pass(on.scheduler, 1_000)
    expect(on.told).toEqual([])
    expectDisk(on.disk, group.genesis.disk)
  })

  test.each([0, 1, 5, 9])('leaves all of it when it is told so, after %i ms', async (ms) => {
    const on = await opened({ commitMs: [10, 10] })
    commit(on)
    await pass(on.scheduler, ms)
    crash(on, true)
    await pass(on.scheduler, 1_000)
    expect(on.told).toEqual([])
    expectDisk(on.disk, after)
  })

  test('leaves nothing of the commits behind it', async () => {
    const on = await opened({ commitMs: [10, 10] })
    commit(on)
    commit(on, next)
    await pass(on.scheduler, 5)
    crash(on, true)
    await pass(on.scheduler, 1_000)
    expect(on.told).toEqual([])
    expectDisk(on.disk, after)
  })

  test('lets the next process open the disk', async () => {
    for (const isWritten of [false, true]) {
      const on = await opened({ commitMs: [10, 10] })
      commit(on)
      await pass(on.scheduler, 5)
      crash(on, isWritten)
      await pass(on.scheduler, 1)
      const again = await opened({}, 2, on.disk)
      commit(again, isWritten ? next : change)
      await pass(again.scheduler, 10)
      expectDisk(again.disk, isWritten ? afterNext : after)
    }
  })
})

describe('after a crash', () => {
  test('nothing is committed, and nothing told, whatever the process still asks for', async () => {
    const on = await opened({ isFull: true, syncFailureShare: 1, readFailureShare: 1 })
    crash(on, true)
    commit(on)
    expect(on.store.head()?.height).toBe(0)
    await pass(on.scheduler, 1_000)
    expect(on.told).toEqual([])
    expectDisk(on.disk, group.genesis.disk)
  })
})

describe('a full disk', () => {
  test('fails the commit and each one after it, and keeps what it had', async () => {
    const on = await opened({ isFull: true })
    commit(on)
    await pass(on.scheduler, 10)
    expect(on.told).toEqual(['failed STORE_DISK_FULL', 'rejected STORE_DISK_FULL'])
    commit(on)
    await pass(on.scheduler, 10)
    expect(on.told.slice(2)).toEqual(['rejected STORE_DISK_FULL'])
    expectDisk(on.disk, group.genesis.disk)
    expect(on.store.head()?.height).toBe(0)
  })
})

describe('a failed fsync', () => {
  const FAILED = ['failed STORE_WRITE_FAILED', 'rejected STORE_WRITE_FAILED']

  /** Of so many commits on disks of their own, how many ended in each way. */
  async function outcomes(count: number, syncFailureShare: number): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (let seed = 0; seed < count; seed++) {
      const on = await opened({ commitMs: [1, 1], syncFailureShare }, seed)
      commit(on)
      await pass(on.scheduler, 1)
      const key = `${on.told.join(', ')}: ${on.disk.head?.height}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
      expectDisk(on.disk, on.disk.head?.height === 1 ? after : group.genesis.disk)
    }
    return counts
  }

  test('is not done, or done but reported as failed, or does not happen', async () => {
    const counts = await outcomes(400, 0.5)
    const [undone, done] = [`${FAILED.join(', ')}: 0`, `committed 1, ${FAILED.join(', ')}: 1`]
    expect([...counts.keys()].sort()).toEqual([done, 'committed 1, resolved: 1', undone].sort())
    // A quarter each; the standard deviation is 9.
    for (const key of [undone, done]) expect(Math.abs((counts.get(key) ?? 0) - 90)).toBeLessThan(45)
  })

  test('does not happen to a healthy disk', async () => {
    expect([...(await outcomes(50, 0)).keys()]).toEqual(['committed 1, resolved: 1'])
  })

  test.each([false, true])('ends the store, if done is %s', async (isDone) => {
    for (let seed = 0; ; seed++) {
      const on = await opened({ commitMs: [1, 1], syncFailureShare: 1 }, seed)
      commit(on)
      await pass(on.scheduler, 1)
      if (on.told.includes('resolved') || on.told.includes('committed 1') !== isDone) continue
      commit(on, next)
      await pass(on.scheduler, 50)
      expect(on.told).toEqual([...(isDone ? ['committed 1'] : []), ...FAILED, 'rejected STORE_WRITE_FAILED'])
      expectDisk(on.disk, isDone ? after : group.genesis.disk)
      return
    }
  })

  test('that was done ends the store for the commits that wait already', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const on = await opened({ commitMs: [1, 1], syncFailureShare: 1 }, seed)
      commit(on)
      commit(on, next)
      await pass(on.scheduler, 1)
      if (on.told[0] !== 'committed 1' || on.told[1] === 'resolved') continue
      await pass(on.scheduler, 50)
      expectDisk(on.disk, after)
    }
  })
})

describe('a read', () => {
  const READS: readonly (readonly [string, (store: SimStore) => unknown])[] = [
    ['the head', (store) => store.head()],
    ['a canonical hash', (store) => store.canonicalHash(0)],
    ['a block', (store) => store.block(block.block.hash)],
    ['all blocks', (store) => [...store.blocksFrom(0)]],
    ['a next sequence', (store) => store.nextSequence(group.chain.author('ann'))],
    ['the place of an entry', (store) => store.entryById(block.block.hash)],
    ['a node of the log', (store) => store.treeNode(0, 0)],
    ['what is pending', (store) => [...store.pending()]],
  ]

  test.each(READS)(
    'of %s fails when the disk is so ill, and is told before the node knows',
    async (_, read) => {
      const on = await opened({ readFailureShare: 1 })
      expect(() => read(on.store)).toThrow('a read was made to fail')
      expect(on.told).toEqual(['failed STORE_READ_FAILED'])
    },
  )

  test.each(READS)('of %s does not fail on a healthy disk', async (_, read) => {
    const on = await opened()
    expect(() => read(on.store)).not.toThrow()
    expect(on.told).toEqual([])
  })

  test('fails as often as the disk is ill, and not for ever', async () => {
    const on = await opened({ readFailureShare: 0.25 })
    for (let i = 0; i < 1_000; i++) {
      try {
        on.store.head()
      } catch {
        // Counted by what is told.
      }
    }
    expect(Math.abs(on.told.length - 250)).toBeLessThan(70)
  })

  test('sees what was committed, and not what is being written', async () => {
    const on = await opened({ commitMs: [5, 5] })
    commit(on)
    await pass(on.scheduler, 4)
    expect(on.store.block(block.block.hash)).toBeUndefined()
    await pass(on.scheduler, 1)
    expect(keyOf(on.store.head()?.hash as Uint8Array)).toBe(keyOf(block.block.hash))
  })
})
