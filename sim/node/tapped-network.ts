import { type Network, NodeFailure } from 'pulseledger/simulation'
import type { ObservedNode, Observer } from './observation.ts'

/** The same network, watched: what is published, who is hung up on, and what fails. */
export function tappedNetwork(network: Network, node: ObservedNode, observe: Observer): Network {
  return {
    self: network.self,
    get addresses() {
      return network.addresses
    },
    start: (handlers) =>
      network.start({
        ...handlers,
        async onGossip(topic, message, from) {
          const verdict = await handlers.onGossip(topic, message, from)
          if (verdict === 'accept') observe({ kind: 'passed-on', node, topic, message })
          return verdict
        },
        async onRequest(kind, message, from) {
          try {
            return await handlers.onRequest(kind, message, from)
          } catch (error) {
            // A request that ends with a failure of a name is refused; the network says no more about it.
            if (!(error instanceof NodeFailure)) observe({ kind: 'bug', node, error: error as Error })
            throw error
          }
        },
      }),
    stop: () => network.stop(),
    peers: () => network.peers(),
    unreached: (topic) => network.unreached(topic),
    request: (...question) => network.request(...question),
    publish(topic, message) {
      observe({ kind: 'published', node, topic, message })
      return network.publish(topic, message)
    },
    disconnect(peer, reason, banMs) {
      observe({ kind: 'dropped', node, peer, reason })
      network.disconnect(peer, reason, banMs)
    },
  }
}
