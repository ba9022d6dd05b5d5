import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex, utf8 } from '@pulseledger/core'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { TcpProxy } from '../../src/devnet/tcp-proxy.ts'
import { fetchGenesis } from '../../src/network/libp2p/fetch-genesis.ts'
import {
  isConnected,
  LEDGER,
  networkConformance,
  publishUntilHeard,
  Recorder,
  type TestNode,
  textsOf,
} from './conformance.ts'
import { addressOf, GENESIS, Libp2pNodes, libp2pDriver, newNetwork, seedOf, until } from './libp2p-nodes.ts'

networkConformance('libp2p', libp2pDriver)

describe('libp2p as the network', () => {
  let nodes = new Libp2pNodes()
  const cleanUps: (() => unknown)[] = []

  afterEach(async () => {
    await nodes.close()
    nodes = new Libp2pNodes()
    for (const cleanUp of cleanUps.splice(0)) await cleanUp()
  })

  const temporaryDirectory = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'pulseledger-network-'))
    cleanUps.push(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  it('is known by the key of the node', async () => {
    const [a, same] = [seedOf('a'), seedOf('a')].map((privateSeed) => newNetwork({ privateSeed }))
    expect(a?.self).toBe(same?.self)
    expect(a?.self).toMatch(/^12D3KooW/)
  })

  it('connects again to a node that was restarted, by itself', async () => {
    const a = await nodes.join({ privateSeed: seedOf('a') })
    const listen = [addressOf(a)]
    const b = await nodes.join({ peers: listen })
    await until(() => isConnected(a, b))
    await a.network.stop()
    await until(() => b.network.peers().length === 0)
    const again = await nodes.join({ privateSeed: seedOf('a'), listen })
    await until(() => isConnected(again, b))
    await publishUntilHeard(libp2pDriver(), again, [b])
  })

  it.each(['first', 'second'] as const)('gossips on when of two connections the %s is lost', async (lost) => {
    const proxies = {
      first: new TcpProxy({ clock: systemClock }),
      second: new TcpProxy({ clock: systemClock }),
    }
    cleanUps.push(() => Promise.all([proxies.first.close(), proxies.second.close()]))
    const [toA, toB] = [await proxies.first.listen(), await proxies.second.listen()]
    const a = await nodes.join({ peers: [`127.0.0.1:${toB}`] })
    const b = await nodes.join({ peers: [`127.0.0.1:${toA}`] })
    // Both have dialled before either can know that the other did.
    await until(() => proxies.first.connectionCount === 1 && proxies.second.connectionCount === 1)
    proxies.first.setTarget(Number(portOf(addressOf(a))))
    proxies.second.setTarget(Number(portOf(addressOf(b))))
    await until(() => isConnected(a, b))
    await publishUntilHeard(libp2pDriver(), a, [b])
    await publishUntilHeard(libp2pDriver(), b, [a])
    expect([proxies.first.connectionCount, proxies.second.connectionCount]).toEqual([1, 1])
    proxies[lost].reset()
    await until(() => proxies[lost].connectionCount === 0)
    // Until both ends have noticed, what they tell may go the way that is lost.
    await until(() => {
      a.network.publish('blocks', utf8(`from a ${textsOf(a).length}`))
      b.network.publish('blocks', utf8(`from b ${textsOf(b).length}`))
      const [atA, atB] = [a, b].map((node) => textsOf(node).some((text) => text.startsWith('from')))
      return atA === true && atB === true
    })
    expect([...a.network.unreached('blocks'), ...b.network.unreached('blocks')]).toEqual([])
    expect([...a.seen.lost, ...b.seen.lost]).toEqual([])
  })

  it('says whom gossip does not reach yet', async () => {
    const a = await nodes.join()
    const b = await nodes.join({ peers: [addressOf(a)] })
    await until(() => isConnected(a, b))
    await until(() => a.network.unreached('entries').length === 0)
    a.network.publish('entries', utf8('heard'))
    await until(() => textsOf(b).includes('heard'))
  })

  it('meshes a late joiner with all, through one address', async () => {
    const peerExchange = true
    const a = await nodes.join({ peerExchange })
    const b = await nodes.join({ peerExchange, peers: [addressOf(a)] })
    const c = await nodes.join({ peerExchange, peers: [addressOf(a)] })
    await until(() => isConnected(b, c))
    const late = await nodes.join({ peerExchange, peers: [addressOf(b)] })
    await until(() => [a, b, c].every((node) => isConnected(node, late)))
  })

  it('tells no addresses and asks for none without peer exchange', async () => {
    const a = await nodes.join({ peerExchange: false })
    const b = await nodes.join({ peerExchange: true, peers: [addressOf(a)] })
    const c = await nodes.join({ peerExchange: true, peers: [addressOf(a)] })
    await until(() => isConnected(a, b) && isConnected(a, c))
    await publishUntilHeard(libp2pDriver(), b, [c])
    expect(isConnected(b, c)).toBe(false)
  })

  it('finds its peers again by the address book alone, after all were stopped', async () => {
    const directory = temporaryDirectory()
    const identity = (name: string) => ({
      privateSeed: seedOf(name),
      addressBookPath: join(directory, `${name}.json`),
    })
    const a = await nodes.join(identity('a'))
    const b = await nodes.join({ ...identity('b'), peers: [addressOf(a)] })
    await until(() => isConnected(a, b))
    const [listenA, listenB] = [[addressOf(a)], [addressOf(b)]]
    await Promise.all([a.network.stop(), b.network.stop()])
    expect(JSON.parse(readFileSync(join(directory, 'b.json'), 'utf8'))).toMatchObject({
      version: 1,
      peers: [{ id: a.network.self, addresses: [`/ip4/127.0.0.1/tcp/${portOf(`${listenA}`)}`] }],
    })
    const again = await nodes.join({ ...identity('a'), listen: listenA })
    const other = await nodes.join({ ...identity('b'), listen: listenB })
    await until(() => isConnected(again, other))
  })

  it('sets a damaged address book aside and says so', async () => {
    const path = join(temporaryDirectory(), 'peers.json')
    writeFileSync(path, '{"version":1,"peers":[{"id":"nobody","addresses":[],"seenAt":1}]}')
    const { logger } = await nodes.join({ addressBookPath: path })
    expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([{ fields: { path } }])
    expect(readFileSync(`${path}.damaged`, 'utf8')).toContain('nobody')
  })

  it('keeps those out who do not have the swarm key', async () => {
    const swarmKey = seedOf('the key of the group')
    const a = await nodes.join({ swarmKey })
    const stranger = await nodes.join({ peers: [addressOf(a)] })
    const wrong = await nodes.join({ peers: [addressOf(a)], swarmKey: seedOf('another key') })
    const member = await nodes.join({ peers: [addressOf(a)], swarmKey })
    await until(() => isConnected(a, member))
    const asked = { address: addressOf(a), timeoutMs: 5_000, clock: systemClock }
    await expect(fetchGenesis(asked)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
    expect((await fetchGenesis({ ...asked, swarmKey })).genesis).toEqual(GENESIS)
    expect(a.network.peers()).toHaveLength(1)
    expect([...stranger.seen.met, ...wrong.seen.met]).toEqual([])
  })

  it('delivers to sixteen peers behind one address', async () => {
    const hub = await nodes.join({ targetPeers: 20 })
    const peers = [addressOf(hub)]
    const others = await Promise.all(Array.from({ length: 16 }, () => nodes.join({ peers })))
    await until(() => others.every((node) => isConnected(hub, node)))
    const [first, ...rest] = others
    if (first === undefined) throw new Error('there are sixteen')
    await publishUntilHeard(libp2pDriver(), first, [hub, ...rest])
    await publishUntilHeard(libp2pDriver(), hub, others)
  })

  it('finds a node of its ledger on the local network, and none of another', async () => {
    const a = await nodes.join({ mdns: true })
    const b = await nodes.join({ mdns: true })
    const other = await nodes.join({ mdns: true, ledgerId: seedOf('another ledger') })
    await until(() => isConnected(a, b))
    expect([...a.seen.foreign, ...other.seen.foreign]).toEqual([])
  })

  it('reaches a node that nobody can connect to, through a relay', async () => {
    const relay = await nodes.join({ relay: { server: true, use: [] } })
    const held = addressFor(relay)
    const hidden = await nodes.join({ listen: [], relay: { server: false, use: [held] } })
    await until(() => hidden.network.addresses.some((address) => address.includes('p2p-circuit')))
    const [address = 'none'] = hidden.network.addresses
    const caller = await nodes.join({
      listen: [],
      peers: [address],
      relay: { server: false, use: [held] },
    })
    await until(() => isConnected(caller, hidden))
    await publishUntilHeard(libp2pDriver(), caller, [hidden])
  })

  it('listens for WebSockets too', async () => {
    const a = await nodes.join({ listen: ['/ip4/127.0.0.1/tcp/0/ws'] })
    expect(addressOf(a)).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws$/)
    const b = await nodes.join({ peers: [addressOf(a)] })
    await until(() => isConnected(a, b))
  })

  it('dials a name, and an address that is held to a key', async () => {
    const a = await nodes.join()
    const port = portOf(addressOf(a))
    const byName = await nodes.join({ peers: [`localhost:${port}`] })
    const byKey = await nodes.join({ peers: [`/ip4/127.0.0.1/tcp/${port}/p2p/${a.network.self}`] })
    await until(() => isConnected(a, byName) && isConnected(a, byKey))
    const other = newNetwork().self
    const mistaken = await nodes.join({ peers: [`/ip4/127.0.0.1/tcp/${port}/p2p/${other}`] })
    await until(() => mistaken.logger.lines.some(({ message }) => message === 'could not dial'))
    expect(mistaken.network.peers()).toEqual([])
  })

  it('does not become a peer of itself', async () => {
    const listen = [await freeAddress()]
    const a = await nodes.join({ listen, peers: listen })
    const b = await nodes.join({ peers: listen })
    await until(() => isConnected(a, b))
    expect(a.network.peers()).toHaveLength(1)
  })

  it('names a port that is taken, so that the caller can try another', async () => {
    const taken = await nodes.join()
    const second = newNetwork({ listen: [addressOf(taken)] })
    const failed = second.start(new Recorder())
    await expect(failed).rejects.toMatchObject({ code: 'NETWORK_PORT_TAKEN' })
    await second.stop()
    const elsewhere = newNetwork({ listen: ['203.0.113.7:7400'] }).start(new Recorder())
    await expect(elsewhere).rejects.toMatchObject({ code: 'NETWORK_LISTEN_FAILED' })
    const nonsense = newNetwork({ listen: ['seventy'] }).start(new Recorder())
    await expect(nonsense).rejects.toMatchObject({ code: 'NETWORK_ADDRESS_INVALID' })
  })

  it('stops while it starts', async () => {
    const network = newNetwork()
    const started = network.start(new Recorder())
    await Promise.all([network.stop(), started])
    expect(network.peers()).toEqual([])
    const again = newNetwork({ listen: [await freeAddress()] })
    await again.start(new Recorder())
    await again.stop()
  })

  it('tells who wants to join which ledger this is, and its document', async () => {
    const a = await nodes.join()
    const { ledgerId, genesis } = await fetchGenesis({
      address: addressOf(a),
      timeoutMs: 5_000,
      clock: systemClock,
    })
    expect([toHex(ledgerId), genesis]).toEqual([toHex(LEDGER), GENESIS])
    await until(() => a.network.peers().length === 0)
    expect([...a.seen.met, ...a.seen.foreign]).toEqual([])
  })

  it('says when nobody answers who wants to join', async () => {
    const asked = { timeoutMs: 3_000, clock: systemClock }
    const nobody = fetchGenesis({ ...asked, address: await freeAddress() })
    await expect(nobody).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
    const nonsense = fetchGenesis({ ...asked, address: 'nowhere' })
    await expect(nonsense).rejects.toMatchObject({ code: 'NETWORK_ADDRESS_INVALID' })
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    cleanUps.push(() => silent.close())
    const address = `127.0.0.1:${(silent.address() as { port: number }).port}`
    const unheard = fetchGenesis({ ...asked, timeoutMs: 300, address })
    await expect(unheard).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  })

  it('does not publish what is longer than any message may be', async () => {
    const a = await nodes.join()
    a.network.publish('blocks', new Uint8Array(1_048_577))
    expect(a.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    const b = await nodes.join({ peers: [addressOf(a)] })
    await until(() => isConnected(a, b))
    await publishUntilHeard(libp2pDriver(), a, [b])
    const longest = new Uint8Array(1_048_576).fill(120)
    a.network.publish('blocks', longest)
    await until(() => textsOf(b).some((text) => text.length === longest.length))
    a.network.publish('entries', utf8('after'))
    await until(() => textsOf(b).includes('after'))
  })
})

/** Held to its key. */
function addressFor(node: TestNode): string {
  return `/ip4/127.0.0.1/tcp/${portOf(addressOf(node))}/p2p/${node.network.self}`
}

function portOf(address: string): string {
  return address.split(':').at(-1) ?? ''
}

async function freeAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return `127.0.0.1:${port}`
}
