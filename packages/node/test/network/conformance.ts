import { getEventListeners } from 'node:events'
import { type Hash, toHex, utf8 } from '@pulseledger/core'
import { afterEach, describe, expect, it } from 'vitest'
import type {
  ForeignMeeting,
  GossipTopic,
  GossipVerdict,
  Network,
  NetworkHandlers,
  PeerConnection,
  PeerId,
  RequestKind,
} from '../../src/ports.ts'

/** What a network that is looked at was told. */
export class Recorder implements NetworkHandlers {
  readonly met: PeerConnection[] = []
  readonly lost: PeerId[] = []
  readonly gossip: { readonly topic: GossipTopic; readonly text: string; readonly from: PeerId }[] = []
  readonly foreign: ForeignMeeting[] = []
  verdict: GossipVerdict = 'accept'
  /** What a request is answered with. By default its own bytes. */
  answer: (kind: RequestKind, message: Uint8Array, from: PeerId) => Promise<Uint8Array> = async (
    _,
    message,
  ) => message

  onPeer(peer: PeerConnection): void {
    this.met.push(peer)
  }

  onPeerGone(id: PeerId): void {
    this.lost.push(id)
  }

  async onGossip(topic: GossipTopic, message: Uint8Array, from: PeerId): Promise<GossipVerdict> {
    this.gossip.push({ topic, text: Buffer.from(message).toString(), from })
    return this.verdict
  }

  onRequest(kind: RequestKind, message: Uint8Array, from: PeerId): Promise<Uint8Array> {
    return this.answer(kind, message, from)
  }

  onForeign(meeting: ForeignMeeting): void {
    this.foreign.push(meeting)
  }
}

/** A started network and what it was told. */
export interface TestNode {
  readonly network: Network
  readonly seen: Recorder
}

export interface JoinOptions {
  /** Whom it keeps a connection to. */
  readonly peers?: readonly TestNode[]
  readonly ledgerId?: Hash
}

/** One kind of network, as the suite needs it. */
export interface NetworkDriver {
  /** A started node of the network under test. */
  join(options?: JoinOptions): Promise<TestNode>
  /** Waits until this is so. */
  until(look: () => boolean): Promise<void>
  /** Lets pass what would have happened by now. */
  settle(): Promise<void>
  /** How long a peer is banned in these tests. */
  readonly banMs: number
  close(): Promise<void>
}

export const LEDGER: Hash = new Uint8Array(32).fill(7)
const OTHER_LEDGER: Hash = new Uint8Array(32).fill(8)
const OPTIONS = { timeoutMs: 10_000, answerBytesMax: 65_536 }
const REASON = { code: 'MESSAGE_INVALID', message: 'a test' } as const

export function isConnected(a: TestNode, b: TestNode): boolean {
  const knows = (one: TestNode, other: TestNode) =>
    one.network.peers().some(({ id }) => id === other.network.self)
  return knows(a, b) && knows(b, a)
}

export function textsOf({ seen }: TestNode): string[] {
  return seen.gossip.map(({ text }) => text)
}

/** What every Network does, whatever carries it. */
export function networkConformance(name: string, open: () => NetworkDriver): void {
  describe(`the network port over ${name}`, () => {
    let driver: NetworkDriver | undefined

    const setUp = (): NetworkDriver => {
      driver = open()
      return driver
    }

    const pair = async (): Promise<[NetworkDriver, TestNode, TestNode]> => {
      const net = setUp()
      const a = await net.join()
      const b = await net.join({ peers: [a] })
      await net.until(() => isConnected(a, b))
      return [net, a, b]
    }

    afterEach(async () => {
      await driver?.close()
      driver = undefined
    })

    it('answers a request, in both directions, with the kind and who asked', async () => {
      const [, a, b] = await pair()
      b.seen.answer = async (kind, message, from) => utf8(`${kind} ${message.length} ${from}`)
      const answer = await a.network.request(b.network.self, 'headers', new Uint8Array(9), OPTIONS)
      expect(Buffer.from(answer).toString()).toBe(`headers 9 ${a.network.self}`)
      const back = await b.network.request(a.network.self, 'status', utf8('x'), OPTIONS)
      expect(back).toEqual(utf8('x'))
    })

    it('answers concurrent requests each with its own answer', async () => {
      const [, a, b] = await pair()
      const asked = Array.from({ length: 8 }, (_, index) => utf8(`question ${index}`))
      const answers = asked.map((message) => a.network.request(b.network.self, 'bodies', message, OPTIONS))
      expect(await Promise.all(answers)).toEqual(asked)
    })

    it('carries an answer of 4 MiB', async () => {
      const [, a, b] = await pair()
      const large = new Uint8Array(4 * 1_048_576).map((_, index) => index * 7 + (index >> 9))
      b.seen.answer = async () => large
      const options = { timeoutMs: 20_000, answerBytesMax: large.length }
      const answer = await a.network.request(b.network.self, 'bodies', utf8('all'), options)
      expect(Buffer.compare(answer, large)).toBe(0)
    })

    it('refuses an answer that is longer than allowed, and the peer stays', async () => {
      const [, a, b] = await pair()
      b.seen.answer = async () => new Uint8Array(1_001)
      const options = { ...OPTIONS, answerBytesMax: 1_000 }
      const answer = a.network.request(b.network.self, 'bodies', utf8('all'), options)
      await expect(answer).rejects.toMatchObject({ code: 'PEER_ANSWER_INVALID' })
      b.seen.answer = async () => new Uint8Array(1_000)
      expect(await a.network.request(b.network.self, 'bodies', utf8('all'), options)).toHaveLength(1_000)
    })

    it('gives up a request that is not answered in time', async () => {
      const [net, a, b] = await pair()
      b.seen.answer = () => new Promise(() => {})
      const options = { ...OPTIONS, timeoutMs: 100 }
      const failed = codeOf(a.network.request(b.network.self, 'status', utf8('?'), options))
      await net.until(() => failed.code !== undefined)
      expect(failed.code).toBe('PEER_TIMEOUT')
    })

    it('gives up a request when its signal says so, with the reason of the signal', async () => {
      const [, a, b] = await pair()
      b.seen.answer = () => new Promise(() => {})
      const controller = new AbortController()
      const options = { ...OPTIONS, signal: controller.signal }
      const answer = a.network.request(b.network.self, 'status', utf8('?'), options)
      controller.abort(new Error('not needed any more'))
      await expect(answer).rejects.toThrow('not needed any more')
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
      await expect(a.network.request(b.network.self, 'status', utf8('?'), options)).rejects.toThrow(
        'not needed',
      )
    })

    it('fails a request to a peer that goes, or that is not there', async () => {
      const [net, a, b] = await pair()
      b.seen.answer = () => new Promise(() => {})
      const failed = codeOf(a.network.request(b.network.self, 'status', utf8('?'), OPTIONS))
      await b.network.stop()
      await net.until(() => failed.code !== undefined)
      // Whichever of the two is seen first: the end of the stream, or that of the connection.
      expect(failed.code).toMatch(/^PEER_(?:GONE|REFUSED)$/)
      await net.until(() => a.network.peers().length === 0)
      const again = a.network.request(b.network.self, 'status', utf8('?'), OPTIONS)
      await expect(again).rejects.toMatchObject({ code: 'PEER_GONE' })
    })

    it('ends only the request whose handler failed', async () => {
      const [, a, b] = await pair()
      b.seen.answer = async (kind, message) => {
        if (kind === 'headers') throw new Error('a bug')
        return message
      }
      const [bad, good] = await Promise.allSettled([
        a.network.request(b.network.self, 'headers', utf8('x'), OPTIONS),
        a.network.request(b.network.self, 'bodies', utf8('y'), OPTIONS),
      ])
      expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'PEER_REFUSED' } })
      expect(good).toEqual({ status: 'fulfilled', value: utf8('y') })
      expect(isConnected(a, b)).toBe(true)
    })

    it('tells of a peer once, with its key, and of its end', async () => {
      const [net, a, b] = await pair()
      await net.settle()
      expect(a.seen.met.map(({ id }) => id)).toEqual([b.network.self])
      expect(b.seen.met).toHaveLength(1)
      expect(b.seen.met[0]).toMatchObject({ id: a.network.self, direction: 'outbound' })
      expect(a.seen.met[0]?.publicKey).toHaveLength(32)
      await b.network.stop()
      await net.until(() => a.seen.lost.length > 0)
      expect(a.seen.lost).toEqual([b.network.self])
      expect(a.network.peers()).toEqual([])
      await b.network.stop()
    })

    it('carries gossip along a line, to everybody once, from whoever told it', async () => {
      const net = setUp()
      const a = await net.join()
      const b = await net.join({ peers: [a] })
      const c = await net.join({ peers: [b] })
      await net.until(() => isConnected(a, b) && isConnected(b, c))
      await publishUntilHeard(net, a, [b, c])
      expect(isConnected(a, c)).toBe(false)
      for (let index = 0; index < 20; index++) {
        a.network.publish('entries', utf8(`entry ${index}`))
        c.network.publish('blocks', utf8(`block ${index}`))
      }
      const entries = (node: TestNode) => textsOf(node).filter((text) => text.startsWith('entry'))
      const blocks = (node: TestNode) => textsOf(node).filter((text) => text.startsWith('block'))
      await net.until(() => entries(c).length >= 20 && blocks(a).length >= 20)
      await net.settle()
      expect(new Set(entries(c)).size).toBe(20)
      for (const heard of [entries(b), entries(c), blocks(a), blocks(b)]) expect(heard).toHaveLength(20)
      expect(c.seen.gossip.every(({ from }) => from === b.network.self)).toBe(true)
      expect([...entries(a), ...blocks(c)]).toEqual([])
    })

    it.each(['reject', 'ignore'] as const)('does not pass on what the verdict is %s on', async (verdict) => {
      const net = setUp()
      const a = await net.join()
      const b = await net.join({ peers: [a] })
      const c = await net.join({ peers: [b] })
      await net.until(() => isConnected(a, b) && isConnected(b, c))
      await publishUntilHeard(net, a, [b, c])
      b.seen.verdict = verdict
      a.network.publish('entries', utf8('bad'))
      await net.until(() => textsOf(b).includes('bad'))
      await net.settle()
      b.seen.verdict = 'accept'
      a.network.publish('entries', utf8('good'))
      await net.until(() => textsOf(c).includes('good'))
      expect(textsOf(c)).not.toContain('bad')
    })

    it('tells again what is published again, since somebody new may lack it', async () => {
      const [net, a, b] = await pair()
      await publishUntilHeard(net, a, [b])
      a.network.publish('entries', utf8('again'))
      await net.until(() => textsOf(b).includes('again'))
      const c = await net.join({ peers: [a] })
      await net.until(() => isConnected(a, c))
      await publishUntilHeard(net, a, [c])
      a.network.publish('entries', utf8('again'))
      await net.until(() => textsOf(c).includes('again'))
    })

    it('takes what is published without peers, and it goes nowhere', async () => {
      const net = setUp()
      const a = await net.join()
      a.network.publish('entries', utf8('alone'))
      a.network.publish('entries', utf8('alone'))
      await net.settle()
      expect(a.seen.gossip).toEqual([])
    })

    it('refuses nodes of another ledger and tells both ends both ids', async () => {
      const net = setUp()
      const a = await net.join()
      const b = await net.join({ peers: [a], ledgerId: OTHER_LEDGER })
      await net.until(() => a.seen.foreign.length > 0 && b.seen.foreign.length > 0)
      await net.settle()
      expect(a.seen.foreign.map(({ ours, theirs }) => [toHex(ours), toHex(theirs)])).toEqual([
        [toHex(LEDGER), toHex(OTHER_LEDGER)],
      ])
      expect(b.seen.foreign.map(({ ours, theirs }) => [toHex(ours), toHex(theirs)])).toEqual([
        [toHex(OTHER_LEDGER), toHex(LEDGER)],
      ])
      expect(b.seen.foreign[0]?.address).toBe(a.network.addresses[0])
      expect([...a.seen.met, ...b.seen.met, ...a.network.peers(), ...b.network.peers()]).toEqual([])
    })

    it('refuses a peer for as long as it was banned, and not longer', async () => {
      const [net, a, b] = await pair()
      a.network.disconnect(b.network.self, REASON, net.banMs)
      await net.until(() => a.seen.lost.length === 1 && b.seen.lost.length === 1)
      await net.settle()
      expect([a.seen.met.length, b.seen.met.length]).toEqual([1, 1])
      await net.until(() => isConnected(a, b))
      expect([a.seen.met.length, b.seen.met.length]).toEqual([2, 2])
    })

    it('starts and stops without peers, and stops twice', async () => {
      const net = setUp()
      const a = await net.join()
      expect(a.network.addresses).toHaveLength(1)
      await a.network.stop()
      await a.network.stop()
      expect(a.network.addresses).toEqual([])
      a.network.publish('entries', utf8('late'))
      const late = a.network.request('nobody', 'status', utf8('?'), OPTIONS)
      await expect(late).rejects.toMatchObject({ code: 'PEER_GONE' })
    })
  })
}

/** A message of its own each time, until all have one: then gossip flows from here. */
export async function publishUntilHeard(
  net: NetworkDriver,
  from: TestNode,
  to: readonly TestNode[],
): Promise<void> {
  let count = 0
  await net.until(() => {
    count += 1
    from.network.publish('entries', utf8(`probe ${from.network.self} ${count}`))
    const probe = `probe ${from.network.self}`
    return to.every((node) => textsOf(node).some((text) => text.startsWith(probe)))
  })
}

function codeOf(promise: Promise<unknown>): { code: string | undefined } {
  const seen: { code: string | undefined } = { code: undefined }
  promise.then(
    () => {
      seen.code = 'answered'
    },
    (error: { code: string }) => {
      seen.code = error.code
    },
  )
  return seen
}
