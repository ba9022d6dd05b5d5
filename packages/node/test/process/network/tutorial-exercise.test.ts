/**
 * The exercise at the end of the tutorial: three directories, each with its own `.env`, each node joined to
 * another one; what is typed in any terminal is in all of them, and in what their clients are sent.
 */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { BlockEvent, NodeEvent, NodeProcess } from '../support/node-process.ts'
import { asserts } from '../support/transcript.ts'
import { useWorld } from '../support/world.ts'
import { found, holds, TEST_MS } from './support/patience.ts'

const world = useWorld()
vi.setConfig({ testTimeout: TEST_MS })

/** Where nothing of this test may be reached from elsewhere, nor find nodes of other tests. */
const ALONE = ['--no-mdns', '--broadcast-interval', '100ms', '--json']

interface Person {
  readonly node: NodeProcess
  readonly port: number
  readonly started: NodeEvent
}

/** Port numbers stand in `.env`, as people write them, so they are looked for before. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address !== null && typeof address === 'object') ports.push(address.port)
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function person(env: readonly string[], args: readonly string[]): Promise<Person> {
  const directory = world.directory()
  writeFileSync(join(directory, '.env'), `${env.join('\n')}\n`)
  const node = world.launch({ directory, args: [...args, '--listen', '127.0.0.1:0', ...ALONE] })
  const started = await node.waitForEvent('the banner', ({ event }) => event === 'started')
  const [port] = await node.ready()
  return { node, port: port as number, started }
}

function blockOf(node: NodeProcess, bpm: number): BlockEvent | undefined {
  const events = node.events.filter((event): event is BlockEvent => event.event === 'block')
  return events.find(({ readings }) => readings.some(({ value }) => value === bpm))
}

/** Typed into every terminal; each node shows it, and sends it to a client that types nothing. */
async function exercise(people: readonly Person[]): Promise<void> {
  const listeners = await Promise.all(
    people.map(({ port }, index) => world.connect(port, `listener ${index}`)),
  )
  const latencies: number[] = []
  for (const [index, { port }] of people.entries()) {
    for (const bpm of [60 + index, 160 + index]) {
      const typist = await world.connect(port, `typist ${index}`)
      await typist.readUntilPrompt()
      const typedAt = performance.now()
      typist.type(String(bpm))
      await Promise.all(people.map(({ node }) => node.stdout.waitFor(`${bpm} BPM`, () => blockOf(node, bpm))))
      latencies.push(performance.now() - typedAt)
      await typist.waitFor(new RegExp(`#\\d+ ${bpm} BPM stored in block [0-9a-f]{8}\\n`))
      for (const listener of listeners) await listener.waitFor(new RegExp(`"BPM":${bpm}[,}][^\\n]*\\n`))
      typist.destroy()
    }
  }
  if (asserts.figures) {
    const shown = latencies.map((latency) => `${Math.round(latency)} ms`)
    console.log(`from the key to the last of ${people.length} nodes: ${shown.join(', ')}`)
  }
  // In the end they show the same chain, whoever typed when.
  const heads = await found('one chain', () => {
    const chains = people.map(({ node }) => JSON.stringify(chainOf(node)))
    return new Set(chains).size === 1 ? chains : undefined
  })
  expect(heads[0]).not.toBe('[]')
  expect(people.map(({ node }) => node.stderr.text)).toEqual(people.map(() => ''))
}

/** What is left of the blocks that a node printed, after those that it took back. */
function chainOf(node: NodeProcess): string[] {
  const chain: string[] = []
  for (const { event, ...fields } of node.events) {
    if (event === 'block') chain[fields.height as number] = fields.hash as string
    else if (event === 'disconnected') chain.length = fields.height as number
  }
  return chain
}

test('a BPM typed in any of three terminals is in all of them, joined by PEERS in .env', async () => {
  const [a = 0, b = 0, c = 0] = await freePorts(3)
  const first = await person([`ADDR=${a}`], ['start'])
  expect(first.port).toBe(a)
  const [address] = first.started.nodeAddresses as string[]
  const second = await person([`ADDR=${b}`, `PEERS=${address}`], ['start'])
  const [other] = second.started.nodeAddresses as string[]
  // Joined to the second alone: it finds the first by itself, or hears of it through the second.
  const third = await person([`ADDR=${c}`, `PEERS=${other}`], ['start'])
  await exercise([first, second, third])
})

test('the same with the invites that running nodes print, and what was typed before is there', async () => {
  const [a = 0, b = 0, c = 0] = await freePorts(3)
  const first = await person([`ADDR=${a}`], ['start'])
  const early = await world.connect(a)
  await early.readUntilPrompt()
  early.type('99')
  await early.waitFor('99 BPM stored')
  const second = await person([`ADDR=${b}`], ['join', first.started.invite as string])
  const third = await person([`ADDR=${c}`], ['join', second.started.invite as string])
  for (const { node } of [second, third]) await node.stdout.waitFor('99 BPM', () => blockOf(node, 99))
  await exercise([first, second, third])
})

test('the command that the banner shows is the one that joins, and `invite` prints it again', async () => {
  const directory = world.directory()
  const [a = 0, b = 0] = await freePorts(2)
  writeFileSync(join(directory, '.env'), `ADDR=${a}\n`)
  const node = world.launch({
    directory,
    args: ['start', '--listen', '127.0.0.1:0', '--no-mdns', '--no-json'],
  })
  const command = await node.stdout.waitFor('the command', (text) => / (join \S+)\n/.exec(text)?.[1])
  const again = await world.run(directory, ['invite'])
  expect(again).toMatchObject({ code: 0, stderr: '' })
  expect(again.stdout).toContain(command)
  const second = await person([`ADDR=${b}`], command.split(' '))
  const client = await world.connect(second.port)
  await client.readUntilPrompt()
  client.type('72')
  await node.stdout.waitFor('72 BPM', (text) => (text.includes('72 BPM') ? true : undefined))
  // How far a peer is, it says itself, a moment later.
  const row = /^[0-9a-f]{8} +127\.0\.0\.1:\d+ +in +#1 +same/m
  await holds('`peers` to show it', async () => row.test((await world.run(directory, ['peers'])).stdout))
})
