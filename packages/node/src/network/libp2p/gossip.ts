import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
} from '@libp2p/gossipsub'
import type { Connection } from '@libp2p/interface'
import { type Crypto, concatBytes, type Hash, keyOf, LIMITS, toHex } from '@pulseledger/core'
import { NODE_LIMITS } from '../../limits.ts'
import type { GossipTopic, GossipVerdict, Logger, PeerId, Random } from '../../ports.ts'

/**
 * The two topics over gossipsub 1.1 and later
 * (https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md). A message is known by its
 * content, so that it arrives once however many tell it. On the wire it follows eight bytes:
 *
 *     0000000000000000 <message>    the first time
 *     9f3c11a2507be4d8 <message>    told again by somebody who told it before: chance, for a new id
 *
 * Messages are not signed here, because what they carry is; libp2p's signature would halve what it carries.
 */
const SALT_BYTES = 8

const TOPICS: readonly GossipTopic[] = ['blocks', 'entries']

export type GossipFactory = (components: GossipSubComponents) => GossipSub

interface GossipInit {
  readonly ledgerId: Hash
  readonly crypto: Crypto
  readonly random: Random
  readonly logger: Logger
  /** The verdict on a message of a peer. May fail: then it is ignored. */
  readonly judge: (topic: GossipTopic, message: Uint8Array, from: PeerId) => Promise<GossipVerdict>
  readonly connectionsTo: (id: PeerId) => readonly Connection[]
}

export class Gossip {
  readonly factory: GossipFactory
  readonly #init: GossipInit
  readonly #topicNames: ReadonlyMap<GossipTopic, string>
  #pubsub: GossipSub | undefined
  #registrar: GossipSubComponents['registrar'] | undefined
  #inFlightCount = 0
  #inFlightBytes = 0

  constructor(init: GossipInit) {
    this.#init = init
    const prefix = `/pulseledger/${toHex(init.ledgerId)}`
    this.#topicNames = new Map(TOPICS.map((topic) => [topic, `${prefix}/${topic}/1`]))
    const make = gossipsub(this.#options())
    this.factory = (components) => {
      this.#registrar = components.registrar
      return make(components)
    }
  }

  /** Joins the topics; libp2p has started. */
  start(pubsub: GossipSub): void {
    this.#pubsub = pubsub
    for (const [topic, name] of this.#topicNames) {
      pubsub.topicValidators.set(name, (from, { data }) => this.#validate(topic, data, from.toString()))
      pubsub.subscribe(name)
    }
  }

  stop(): void {
    this.#pubsub = undefined
  }

  publish(topic: GossipTopic, message: Uint8Array): void {
    if (message.length > LIMITS.gossipBytesMax) {
      this.#init.logger.error({ topic, bytes: message.length }, 'did not publish a message that is too long')
      return
    }
    this.#publish(topic, new Uint8Array(SALT_BYTES), message).catch((error: unknown) => {
      if (this.#pubsub !== undefined) this.#init.logger.debug({ topic, error }, 'could not publish')
    })
  }

  /** Whether this peer listens to both topics and there is a stream to it on which it can be told. */
  reaches(id: PeerId): boolean {
    return TOPICS.every((topic) => this.#listeners(topic).has(id)) && this.#hasStream(id)
  }

  /** Of these peers, those who do not hear what is published now. */
  unreached(topic: GossipTopic, ids: Iterable<PeerId>): PeerId[] {
    const listeners = this.#listeners(topic)
    return [...ids].filter((id) => !listeners.has(id) || !this.#hasStream(id))
  }

  /**
   * Has gossipsub make a stream to a peer over this connection, as if the peer had just come; it does nothing
   * when it has one. The same call tells it of each new peer.
   */
  mend(connection: Connection): void {
    const protocol = this.#pubsub?.protocols[0]
    if (protocol === undefined) return
    for (const topology of this.#registrar?.getTopologies(protocol) ?? []) {
      void topology.onConnect?.(connection.remotePeer, connection)
    }
  }

  #listeners(topic: GossipTopic): ReadonlySet<PeerId> {
    const name = this.#topicNames.get(topic) ?? ''
    return new Set(this.#pubsub?.getSubscribers(name).map((id) => id.toString()))
  }

  /** gossipsub knows who listens for longer than it has a stream to whoever listens. */
  #hasStream(id: PeerId): boolean {
    const protocols = this.#pubsub?.protocols ?? []
    return this.#init
      .connectionsTo(id)
      .some(
        ({ status, streams }) =>
          status === 'open' &&
          streams.some(
            (stream) =>
              stream.direction === 'outbound' &&
              stream.status === 'open' &&
              protocols.includes(stream.protocol),
          ),
      )
  }

  async #publish(topic: GossipTopic, salt: Uint8Array, message: Uint8Array): Promise<void> {
    const pubsub = this.#pubsub
    const name = this.#topicNames.get(topic)
    if (pubsub === undefined || name === undefined) return
    try {
      const { recipients } = await pubsub.publish(name, concatBytes(salt, message))
      // It does not throw when no stream took the message.
      if (recipients.length === 0 && pubsub.getSubscribers(name).length > 0) {
        this.#init.logger.warn({ topic, bytes: message.length }, 'a message reached no peer')
      }
    } catch (error) {
      // Whoever publishes something again knows somebody who lacks it; under the old id nobody would take it.
      const isRepeated = error instanceof Error && error.message === 'PublishError.Duplicate'
      if (!isRepeated) throw error
      await this.#publish(topic, this.#init.random.bytes(SALT_BYTES), message)
    }
  }

  async #validate(topic: GossipTopic, data: Uint8Array, from: PeerId): Promise<TopicValidatorResult> {
    if (data.length < SALT_BYTES || data.length > SALT_BYTES + LIMITS.gossipBytesMax) {
      return TopicValidatorResult.Reject
    }
    const isFull =
      this.#inFlightCount >= NODE_LIMITS.gossipInFlightMax ||
      this.#inFlightBytes + data.length > NODE_LIMITS.gossipInFlightBytesMax
    if (isFull) return TopicValidatorResult.Ignore
    this.#inFlightCount += 1
    this.#inFlightBytes += data.length
    try {
      // A copy: what is kept of a message would keep the whole frame that it came in, with others.
      return VERDICTS[await this.#init.judge(topic, new Uint8Array(data.subarray(SALT_BYTES)), from)]
    } catch (error) {
      this.#init.logger.error({ topic, error }, 'a gossip message could not be judged')
      return TopicValidatorResult.Ignore
    } finally {
      this.#inFlightCount -= 1
      this.#inFlightBytes -= data.length
    }
  }

  #options(): Parameters<typeof gossipsub>[0] {
    const { crypto } = this.#init
    const names = [...this.#topicNames.values()]
    const idOf = ({ topic, data }: { topic: string; data?: Uint8Array }): Uint8Array =>
      concatBytes(crypto.sha256(data ?? new Uint8Array(0)), Uint8Array.of(names.indexOf(topic) & 0xff))
    return {
      globalSignaturePolicy: StrictNoSign,
      // By default the sequence number and key of the sender, which unsigned messages do not have. The fast
      // id is looked up before anything else is done with a message.
      msgIdFn: idOf,
      fastMsgIdFn: ({ topic, data }) =>
        `${names.indexOf(topic)}${keyOf(idOf({ topic, data: data ?? new Uint8Array(0) }))}`,
      allowedTopics: names,
      // The weight is -5 by default for each of 10 and more peers behind one address; soon all of them are
      // ignored, without an error: a class behind one router hears nothing.
      scoreParams: { IPColocationFactorWeight: 0 },
      fallbackToFloodsub: false,
      allowPublishToZeroTopicPeers: true,
      // Relayed connections with limits are better than none.
      runOnLimitedConnection: true,
      maxInboundDataLength: NODE_LIMITS.gossipFrameBytesMax,
      // Without limit by default: a peer that does not read would fill our memory.
      maxOutboundBufferSize: NODE_LIMITS.gossipOutBytesMax,
      // Every connection is used: with 13 or more neighbours the default gives some of them no more than a
      // list of ids each second, and those who have no other neighbour hear that late.
      D: 8,
      Dlo: 6,
      Dhi: NODE_LIMITS.peerConnectionsMax,
      // No such lists: what they make others ask for is answered in one frame of any size, and a frame above
      // the limit ends the stream. What gossip loses is fetched when heads are compared.
      Dlazy: 0,
      gossipFactor: 0,
    }
  }
}

const VERDICTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const
