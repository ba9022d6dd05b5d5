import { describe, expect, test } from 'vitest'
import { append, moveHead, TestChain } from '../support/chain.ts'
import { COMMIT_FAULTS, FaultStore } from '../support/fault-store.ts'
import { levelPlace, memoryPlace } from '../support/store-places.ts'

const chain = new TestChain('faults')
const { genesis } = chain
const a1 = chain.block(genesis, ['ada'])
const a2 = chain.block(a1, ['ben'])
const b1 = chain.block(genesis, ['cleo'])
const heads = [genesis, a1, a2, b1]
const changes = [append(genesis), append(a1), append(a2), moveHead(a2, b1, [b1])]

describe.each([
  ['MemoryStore', async () => memoryPlace()],
  ['LevelStore', async () => levelPlace()],
])('over %s', (_, makePlace) => {
  const cases = COMMIT_FAULTS.flatMap((fault) => changes.map((__, at) => ({ fault, at })))

  test.each(cases)('commit $at fails: $fault', async ({ fault, at }) => {
    const place = await makePlace()
    const store = new FaultStore(place.store())
    await store.open()
    store.arm(fault, at)
    for (const change of changes.slice(0, at)) await store.commit(change)

    const failing = changes[at]
    const failure = await store.commit(failing as (typeof changes)[number]).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'STORE_WRITE_FAILED' })
    expect(await store.commit(append(genesis)).catch((error: unknown) => error)).toBe(failure)
    const left = fault === 'not-done' ? heads[at - 1] : heads[at]
    expect(store.head()?.hash).toEqual(left?.block.hash)
    await store.close()

    const again = place.store()
    await again.open()
    expect(again.head()?.hash).toEqual(left?.block.hash)
    await again.close()
  })
})
