/** A node that begins its ledger again with what it had as pending entries. */
import { type Change, decodePayload, type Failure, genesisChange } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { offerAll } from '../../src/rejoin-ledger.ts'
import { MemoryDisk } from '../../src/store/memory/memory-disk.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { headOf, type MemoryPeer, MemoryWorld, readingsOf } from './memory-peer.ts'

const FINAL_DEPTH = 3

/** What `rejoinLedger` makes of a disk. */
async function begunAgain(world: MemoryWorld, disk: MemoryDisk): Promise<MemoryDisk> {
  const { document, engine } = world.rules
  const [old, fresh] = [new MemoryStore({ disk }), new MemoryDisk()]
  const store = new MemoryStore({ disk: fresh })
  await old.open()
  await store.open()
  await store.commit(genesisChange(document, engine, world.crypto))
  await offerAll(old, store)
  await old.close()
  await store.close()
  return fresh
}

async function type(world: MemoryWorld, peer: MemoryPeer, values: readonly number[]): Promise<void> {
  for (const value of values) {
    const answer = peer.service.submit({ measure: 'bpm', value })
    await world.pass(1_000)
    expect((await answer).ok).toBe(true)
  }
}

/** Two that were apart for longer than the final depth. */
async function apart(): Promise<{ world: MemoryWorld; ann: MemoryPeer; bob: MemoryPeer }> {
  const engine = { name: 'longest-chain', finalDepth: FINAL_DEPTH } as const
  const world = await MemoryWorld.create({ document: { engine } })
  const [ann, bob] = (await world.startAll(['ann', 'bob'])) as [MemoryPeer, MemoryPeer]
  await type(world, ann, [60, 61, 62, 63, 64, 65])
  await type(world, bob, [80, 81, 82, 83, 84, 85, 86])
  return { world, ann, bob }
}

/** Of the ledger; those of the exchange are among the events of the peer. */
function alarmsFrom(peer: MemoryPeer): Failure[] {
  const alarms: Failure[] = []
  peer.service.subscribe((event) => {
    if (event.kind === 'alarm') alarms.push(event.error)
  })
  return alarms
}

function valuesOf({ service, store }: MemoryPeer): number[] {
  return [...service.blocks(1, store.head()?.height ?? 0)].flatMap(({ payloads }) =>
    payloads.map((payload) => {
      const reading = payload && decodePayload(payload)
      return reading?.ok ? reading.value.value : Number.NaN
    }),
  )
}

describe('a node that gives way', () => {
  test('makes no block before it has met another node, which then gets all of its readings', async () => {
    const { world, ann, bob } = await apart()
    await bob.stop()
    const disk = await begunAgain(world, bob.disk)
    const again = await world.start('bob', { disk, expectsPeers: 'certainly' })
    const alarms = [alarmsFrom(ann), alarmsFrom(again)]
    const typed = again.service.submit({ measure: 'bpm', value: 99 })
    await world.pass(60_000)
    expect(again.store.head()?.height).toBe(0)
    expect(again.ledger.pending.count).toBe(7)

    world.hub.connect(again.network, ann.network)
    await world.until('they agree', () => headOf(again) === headOf(ann) && readingsOf(ann).length === 14)
    expect((await typed).ok).toBe(true)
    expect(again.ledger.pending.count).toBe(0)
    expect(new Set(readingsOf(ann)).size).toBe(14)
    expect(alarms).toEqual([[], []])
    expect([...ann.events, ...again.events].filter(({ kind }) => kind === 'alarm')).toEqual([])
    // Its own readings go on where they were.
    expect(again.ledger.nextSequence(world.signer('bob').publicKey)).toBe(8)
    await world.stop()
  })

  test('offers again what the others have not, after a crash in the middle of it too', async () => {
    const { world, ann, bob } = await apart()
    await bob.stop()
    const disk = await begunAgain(world, bob.disk)
    const first = await world.start('bob', { disk, expectsPeers: 'certainly' })
    world.hub.connect(first.network, ann.network)
    await world.until('it has something', () => (first.store.head()?.height ?? 0) > 0)
    await first.stop()
    const second = await world.start('bob', { disk, expectsPeers: true })
    world.hub.connect(second.network, ann.network)
    await world.until('they agree', () => headOf(second) === headOf(ann) && readingsOf(ann).length === 13)
    expect(second.ledger.pending.count).toBe(0)
    await world.stop()
  })

  test('is alarmed, with their count, of entries whose sequence the others gave to another one', async () => {
    const engine = { name: 'longest-chain', finalDepth: FINAL_DEPTH } as const
    const world = await MemoryWorld.create({ document: { engine } })
    // One key on both sides: a directory that was copied.
    const ann = await world.start('ann')
    await type(world, ann, [50])
    const shared = ann.disk.copy()
    await type(world, ann, [60, 61, 62, 63])
    await ann.stop()
    const copy = await world.start('ann', { disk: shared })
    await type(world, copy, [80, 81, 82, 83, 84])
    await copy.stop()
    const carol = await world.start('carol', { disk: ann.disk })

    const again = await world.start('ann', {
      disk: await begunAgain(world, shared),
      expectsPeers: 'certainly',
    })
    const alarms = alarmsFrom(again)
    world.hub.connect(again.network, carol.network)
    await world.until('they agree', () => headOf(again) === headOf(carol) && readingsOf(carol).length === 6)
    // 50 is on both, 84 is the only one whose sequence was free.
    expect(valuesOf(carol)).toEqual([50, 60, 61, 62, 63, 84])
    expect(alarms.map(({ code }) => code)).toEqual(['ENTRY_DISPLACED'])
    expect(alarms[0]?.message).toMatch(/^4 accepted entries/)
    await world.stop()
  })
})

test('an entry whose payload is not there is counted and not offered', async () => {
  const { world, bob } = await apart()
  const [first] = bob.service.blocks(1, 1)
  const commits: Change[] = []
  const store = new Proxy(bob.store, {
    get(target, name) {
      if (name === 'block') {
        return (hash: Uint8Array) => {
          const found = target.block(hash)
          if (found?.block.header.height !== 1) return found
          return { ...found, block: { ...found.block, payloads: [null] } }
        }
      }
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const to = { commit: async (change: Change) => void commits.push(change) } as MemoryStore
  expect(await offerAll(store, to)).toEqual({ offeredCount: 6, erasedCount: 1 })
  const offered = commits.flatMap(({ pendingAdd }) => pendingAdd)
  expect(offered.map(({ entry }) => entry.id)).not.toContainEqual(first?.entries[0]?.id)
  await world.stop()
})
