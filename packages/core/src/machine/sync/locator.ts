/**
 * A locator tells a peer which chains we have in few hashes: the last ten blocks, then ever wider steps down
 * to genesis. The peer answers from the first of them that is on its own chain, so at worst it repeats as
 * many headers as lie between two of our hashes, which is about as many as have to be exchanged anyway. The
 * idea is Bitcoin's `getheaders`.
 */
import { type Hash, keyOf } from '../../bytes.ts'
import type { HeaderQueue } from './header-queue.ts'
import type { SyncChain } from './sync-events.ts'

const DENSE_COUNT = 10

/** Offsets from the top: 0, 1, ... 9, 11, 15, 23, ... below `length`. */
function* thinning(length: number): Generator<number> {
  let step = 1
  for (let offset = 0, count = 1; offset < length; count++) {
    yield offset
    if (count >= DENSE_COUNT) step *= 2
    offset += step
  }
}

/**
 * At most `countMax` hashes, the highest first, genesis last: of the queue, of the canonical chain, and the
 * block that the peer was last seen to share with us.
 */
export function makeLocator(
  chain: SyncChain,
  queue: HeaderQueue,
  common: { readonly hash: Hash; readonly height: number } | undefined,
  countMax: number,
): Hash[] {
  const points: { hash: Hash; height: number }[] = []
  const queued = queue.items
  for (const offset of thinning(queued.length)) {
    const item = queued[queued.length - 1 - offset]
    if (item) points.push({ hash: item.header.hash, height: item.height })
  }
  if (common && (chain.find(common.hash) || queue.get(common.hash))) points.push(common)
  const { base } = queue
  if (base) points.push({ hash: base.hash, height: base.header.height })
  for (const offset of thinning(chain.head.height)) {
    const height = chain.head.height - offset
    const hash = chain.canonicalHash(height)
    if (hash) points.push({ hash, height })
  }
  points.sort((a, b) => b.height - a.height)
  const byKey = new Map(points.map(({ hash }) => [keyOf(hash), hash]))
  const genesis = chain.canonicalHash(0)
  if (genesis) byKey.delete(keyOf(genesis))
  const hashes = [...byKey.values()].slice(0, countMax - 1)
  return genesis ? [...hashes, genesis] : hashes
}
