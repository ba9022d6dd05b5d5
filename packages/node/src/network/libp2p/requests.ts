import type { Connection, Stream } from '@libp2p/interface'
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils'
import { LIMITS } from '@pulseledger/core'
import { NODE_LIMITS } from '../../limits.ts'
import { type Clock, NodeFailure, type PeerId, type RequestOptions } from '../../ports.ts'

/**
 * One question and one answer on a stream of their own, each behind its length as an unsigned varint. Then
 * the stream is done.
 *
 * Streams of libp2p push: what arrives is kept until it is read, and `pause` ends a yamux stream. So each
 * side bounds what it keeps to the message that it waits for; whoever sends more has its stream reset.
 */

/** Of what a stream may hold beyond the message: its length, and a frame that came with its end. */
const SLACK_BYTES = 64

/** Errors of the framing: the peer wrote what the protocol does not allow. */
const BROKEN_FRAMING = new Set([
  'InvalidDataLengthError',
  'InvalidDataLengthLengthError',
  'InvalidMessageLengthError',
  'StreamBufferError',
])

/** What asks and answers over connections, and ends all of it at once. */
export class Requests {
  readonly #clock: Clock
  readonly #running = new Set<AbortController>()
  readonly #served = new Map<PeerId, number>()
  #isStopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What runs fails with PEER_GONE. Idempotent. */
  stop(): void {
    this.#isStopped = true
    for (const controller of this.#running) {
      controller.abort(new NodeFailure('PEER_GONE', 'the network was stopped'))
    }
  }

  /** The answer. Errors: those of `Network.request`. */
  async ask(
    connection: Connection,
    protocol: string,
    message: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    const { timeoutMs, answerBytesMax, signal } = options
    const peer = connection.remotePeer.toString()
    signal?.throwIfAborted()
    const limit = this.#limit(timeoutMs, () => {
      return new NodeFailure(
        'PEER_TIMEOUT',
        `${peer} did not answer ${nameOf(protocol)} within ${timeoutMs} ms`,
      )
    })
    const giveUp = (): void => limit.controller.abort(signal?.reason)
    signal?.addEventListener('abort', giveUp)
    const progress = { hasBegun: false }
    let stream: Stream | undefined
    try {
      stream = await connection.newStream([protocol], {
        signal: limit.signal,
        runOnLimitedConnection: true,
        maxOutboundStreams: 2 * NODE_LIMITS.peerStreamsInMax,
      })
      const framed = frame(stream, answerBytesMax, progress)
      await framed.write(message, { signal: limit.signal })
      await stream.close({ signal: limit.signal })
      return plain(await framed.read({ signal: limit.signal }))
    } catch (error) {
      if (limit.signal.aborted) throw limit.signal.reason
      throw failureOf(error, connection, protocol, progress.hasBegun)
    } finally {
      limit.end()
      signal?.removeEventListener('abort', giveUp)
      endOf(stream)
    }
  }

  /**
   * Answers the question of a stream with what `answer` makes of it; its failure resets the stream. `sent`
   * runs once the answer is on its way. Never rejects.
   */
  async serve(
    stream: Stream,
    connection: Connection,
    answer: (message: Uint8Array) => Promise<Uint8Array>,
    sent: () => void = () => {},
  ): Promise<void> {
    const peer = connection.remotePeer.toString()
    const count = this.#served.get(peer) ?? 0
    if (count >= NODE_LIMITS.peerStreamsInMax || this.#isStopped) {
      stream.abort(new Error('too many requests'))
      return
    }
    this.#served.set(peer, count + 1)
    try {
      const framed = frame(stream, LIMITS.requestBytesMax, { hasBegun: false })
      const message = await this.#within(NODE_LIMITS.peerRequestReadMs, (signal) => framed.read({ signal }))
      const reply = await answer(plain(message))
      await this.#within(NODE_LIMITS.peerAnswerSendMs, async (signal) => {
        const written = framed.write(reply, { signal })
        sent()
        await written
        await stream.close({ signal })
      })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      const left = (this.#served.get(peer) ?? 1) - 1
      if (left === 0) this.#served.delete(peer)
      else this.#served.set(peer, left)
    }
  }

  async #within<T>(timeoutMs: number, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = this.#limit(timeoutMs, () => new Error(`not done within ${timeoutMs} ms`))
    try {
      return await task(limit.signal)
    } finally {
      limit.end()
    }
  }

  /**
   * A signal of our own for each task: libp2p adds listeners to the one that it is given, and to a longer
   * lived one it would add them for ever.
   */
  #limit(timeoutMs: number, reason: () => Error) {
    const controller = new AbortController()
    const cancel = this.#clock.after(timeoutMs, () => controller.abort(reason()))
    this.#running.add(controller)
    if (this.#isStopped) controller.abort(new NodeFailure('PEER_GONE', 'the network was stopped'))
    const end = (): void => {
      cancel()
      this.#running.delete(controller)
    }
    return { controller, signal: controller.signal, end }
  }
}

function frame(
  stream: Stream,
  bytesMax: number,
  progress: { hasBegun: boolean },
): LengthPrefixedStream<Stream> {
  // Abandoned unread: reset, not kept.
  stream.maxReadBufferLength = bytesMax + SLACK_BYTES
  return lpStream(stream, {
    maxDataLength: bytesMax,
    maxBufferSize: bytesMax + SLACK_BYTES,
    lengthDecoder(bytes) {
      progress.hasBegun = true
      return readVarint(bytes)
    },
  })
}

/** Throws a RangeError while bytes are missing, as `lpStream` expects. At most 5 bytes. */
function readVarint(bytes: { get(index: number): number; readonly byteLength: number }): number {
  let value = 0
  for (let index = 0; index < 5; index++) {
    if (index >= bytes.byteLength) throw new RangeError('the length goes on')
    const byte = bytes.get(index)
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return value
  }
  return -1
}

/** In one piece. Not the Buffer that it may be, whose `slice` is no copy. */
function plain(list: { subarray(): Uint8Array }): Uint8Array {
  const { buffer, byteOffset, length } = list.subarray()
  return new Uint8Array(buffer, byteOffset, length)
}

/** A stream that is done at both ends is closed; any other is reset, so that nothing more is kept of it. */
function endOf(stream: Stream | undefined): void {
  if (stream?.status === 'open') stream.abort(new Error('the request is over'))
}

function failureOf(error: unknown, connection: Connection, protocol: string, hasBegun: boolean): NodeFailure {
  const peer = connection.remotePeer.toString()
  const kind = nameOf(protocol)
  const name = error instanceof Error ? error.name : ''
  const options = { cause: error }
  if (BROKEN_FRAMING.has(name)) {
    return new NodeFailure(
      'PEER_ANSWER_INVALID',
      `${peer} answered ${kind} with more than is allowed`,
      options,
    )
  }
  if (connection.status !== 'open') {
    return new NodeFailure('PEER_GONE', `${peer} was lost before it answered ${kind}`, options)
  }
  if (hasBegun)
    return new NodeFailure('PEER_ANSWER_INVALID', `${peer} cut its answer to ${kind} short`, options)
  return new NodeFailure('PEER_REFUSED', `${peer} did not answer ${kind}`, options)
}

/** `/pulseledger/<id>/headers/1` is `headers` to people. */
function nameOf(protocol: string): string {
  return protocol.split('/').at(-2) ?? protocol
}
