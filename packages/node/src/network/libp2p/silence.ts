import type { StreamMuxerFactory } from '@libp2p/interface'
import { NODE_LIMITS } from '../../limits.ts'
import type { Clock } from '../../ports.ts'

/** What a connection is made on: bytes come as events, and `abort` ends it at once. */
interface Carrier {
  addEventListener(kind: 'message' | 'close', listener: () => void): void
  abort(error: Error): void
}

/**
 * Ends a connection on which nothing at all comes. Both ends send a ping every few seconds, so silence means
 * that the other end is gone or cut off. libp2p's own monitor waits for the answer to a ping instead, which
 * may queue behind megabytes of gossip: a busy connection would fail. Looks are counted and not time, so a
 * node that was itself held up for long hears what came meanwhile before it judges.
 */
export function watchSilence(carrier: Carrier, clock: Clock): void {
  let silentLooks = 0
  let cancel = (): void => {}
  const look = (): void => {
    silentLooks += 1
    if (silentLooks > NODE_LIMITS.peerSilentLooksMax) {
      carrier.abort(new Error('the other end is silent'))
      return
    }
    cancel = clock.after(NODE_LIMITS.peerSilenceLookMs, look)
  }
  carrier.addEventListener('message', () => {
    silentLooks = 0
  })
  carrier.addEventListener('close', () => cancel())
  look()
}

/** The same muxers, each of whose connections is watched. */
export function watched(make: () => StreamMuxerFactory, clock: Clock): () => StreamMuxerFactory {
  return () => {
    const factory = make()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (carrier) => {
      const muxer = create(carrier)
      watchSilence(carrier, clock)
      return muxer
    }
    return factory
  }
}
