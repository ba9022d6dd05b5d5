import Autobase from 'autobase'
import Corestore, { type Hypercore } from 'corestore'
import { replicateOverTcp } from './plain-sockets.ts'
import type { Reading, Rival, RivalInit } from './protocol.ts'

/**
 * Autobase: the logs of all writers, put into one order by every replica for itself. One writer here. Each
 * call of append signs one tree head, as in hypercore.
 */
export async function startAutobase({ directory, database, peers, seen }: RivalInit): Promise<Rival> {
  const store = new Corestore(directory)
  const base = new Autobase(store, database === null ? null : Buffer.from(database, 'hex'), {
    valueEncoding: 'json',
    // A replica that jumps ahead would say that it has readings which are still elsewhere.
    fastForward: false,
    open: (views) => views.get({ name: 'readings', valueEncoding: 'json' }),
    apply: async (nodes, view) => void (await view.append(nodes.map(({ value }) => value))),
  })
  await base.ready()
  if (database !== null) base.on('update', () => seen(base.view.length))
  const port = await replicateOverTcp(base, peers)
  return {
    port,
    database: base.key.toString('hex'),
    append: async (readings: readonly Reading[]) => void (await base.append(readings)),
    count: () => readAll(base.view),
    stop: () => base.close(),
  }
}

async function readAll(view: Hypercore): Promise<number> {
  let count = 0
  for (let i = 0; i < view.length; i++) if ((await view.get(i)) !== null) count++
  return count
}
