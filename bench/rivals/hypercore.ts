import Corestore from 'corestore'
import { replicateOverTcp } from './plain-sockets.ts'
import type { Reading, Rival, RivalInit } from './protocol.ts'

/**
 * Hypercore: one append-only log of one writer, which the others copy. Each call of append signs one tree
 * head; a replica checks that signature and the hashes below it, not a signature a reading.
 */
export async function startHypercore({ directory, database, peers, seen }: RivalInit): Promise<Rival> {
  const store = new Corestore(directory)
  const core =
    database === null
      ? store.get({ name: 'readings', valueEncoding: 'json' })
      : store.get({ key: Buffer.from(database, 'hex'), valueEncoding: 'json' })
  await core.ready()
  if (database !== null) {
    core.download({ start: 0, end: -1 })
    core.on('download', () => seen(core.contiguousLength))
  }
  const port = await replicateOverTcp(store, peers)
  return {
    port,
    database: core.key.toString('hex'),
    append: async (readings: readonly Reading[]) => void (await core.append(readings)),
    count: async () => {
      let count = 0
      for await (const _ of core.createReadStream()) count++
      return count
    },
    stop: () => store.close(),
  }
}
