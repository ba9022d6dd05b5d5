/**
 * A node of a few lines for tests of the devnet: it prints what a node prints, serves a terminal, and keeps
 * one chain with its peers by the tutorial's rule (the longest; of two the one with the lower hash). Its
 * chain is in a file, so that it survives being killed. Run as a process:
 *
 *     node fake-node.ts <directory> <peer ports, separated by commas> [fail]
 *
 * `GET` on its status port, which stands in `<directory>/status-port`, is answered with a `NodeStatus`.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

interface FakeBlock {
  readonly height: number
  readonly hash: string
  readonly parent: string | null
  readonly producer: string
  readonly value: number
}

const [directory = '', ports = '', mode] = process.argv.slice(2)
const name = createHash('sha256').update(directory).digest('hex')
const chainPath = join(directory, 'chain.json')
const GENESIS: FakeBlock = { height: 0, hash: '0'.repeat(64), parent: null, producer: name, value: 0 }

let chain: readonly FakeBlock[] = existsSync(chainPath) ? readChain() : [GENESIS]
const peers = new Set<Socket>()

function readChain(): FakeBlock[] {
  return JSON.parse(readFileSync(chainPath, 'utf8')) as FakeBlock[]
}

function print(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

function head(): FakeBlock {
  return chain.at(-1) as FakeBlock
}

function printBlock({ value, ...block }: FakeBlock): void {
  print({ event: 'block', ...block, readings: [{ measure: 'bpm', value }] })
}

function adopt(other: readonly FakeBlock[]): void {
  const tip = other.at(-1) as FakeBlock
  const { height, hash } = head()
  if (tip.height < height || (tip.height === height && tip.hash >= hash)) return
  const fork = other.findIndex((block, index) => block.hash !== chain[index]?.hash)
  const left = chain.slice(fork)
  chain = other
  writeFileSync(chainPath, JSON.stringify(chain))
  for (const block of left.toReversed()) print({ event: 'disconnected', ...block })
  for (const block of other.slice(fork)) printBlock(block)
  tellPeers()
}

function make(value: number): FakeBlock {
  const parent = head().hash
  const hash = createHash('sha256').update(`${parent} ${name} ${value}`).digest('hex')
  const block = { height: chain.length, hash, parent, producer: name, value }
  adopt([...chain, block])
  return block
}

function tellPeers(): void {
  for (const peer of peers) peer.write(`${JSON.stringify(chain)}\n`)
}

function eachLine(socket: Socket, onLine: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('error', () => undefined)
  socket.on('data', (piece: string) => {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}

function talk(socket: Socket, onClose: () => void): void {
  peers.add(socket)
  eachLine(socket, (line) => adopt(JSON.parse(line) as FakeBlock[]))
  socket.on('close', () => {
    peers.delete(socket)
    onClose()
  })
  socket.write(`${JSON.stringify(chain)}\n`)
}

function dial(port: number): void {
  const socket = connect({ port, host: '127.0.0.1' })
  talk(socket, () => setTimeout(() => dial(port), 50))
}

function serveTerminal(socket: Socket): void {
  socket.write('Enter a new BPM:')
  eachLine(socket, (line) => {
    if (line === 'silent') return
    if (line === 'crash') process.exit(7)
    const value = Number(line)
    const answer = Number.isInteger(value)
      ? `#${make(value).height} ${value} BPM stored in block ${head().hash.slice(0, 8)}`
      : `"${line}" is not a number`
    socket.write(`[{"Index":0}]\n${answer}\nEnter a new BPM:`)
    socket.end()
  })
}

function status(): object {
  const { height, hash } = head()
  return { head: { height, hash }, pendingCount: 0, peerCount: peers.size }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as { port: number }).port
}

process.stdin.on('end', () => process.exit(0)).resume()
process.on('SIGTERM', () => process.exit(0))
if (mode === 'fail') {
  process.stderr.write('error: told to fail\n')
  process.exit(3)
}
if (mode === 'stubborn') process.removeAllListeners('SIGTERM').on('SIGTERM', () => undefined)

const terminal = await listen(createServer(serveTerminal))
const peer = await listen(createServer((socket) => talk(socket, () => undefined)))
const statusPort = await listen(createServer((socket) => socket.end(JSON.stringify(status()))))
writeFileSync(join(directory, 'status-port'), String(statusPort))
print({
  event: 'started',
  ledger: { name: 'fake', id: 'f'.repeat(64) },
  head: { height: head().height, hash: head().hash },
  publicKey: name,
  addresses: [`127.0.0.1:${terminal}`],
  nodeAddresses: [`/ip4/127.0.0.1/tcp/${peer}/p2p/fake`],
})
printBlock(GENESIS)
for (const port of ports.split(',').filter(Boolean)) dial(Number(port))
