import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { bytesWritten, rssMib } from './process-figures.ts'

const COUNTER = new URL('./count-sockets.ts', import.meta.url).href
const COMMAND = 'packages/node/bin/pulseledger.js'
/** An event line is read only so far: a block's size is before its readings. */
const LINE_START = 512

interface Started {
  readonly terminalPort: number
  readonly nodeAddress: string
}

/** A node of its own process, and what it prints. Times are of this process: `performance.now()`. */
export class NodeProcess {
  readonly #child: ChildProcess
  readonly #started = Promise.withResolvers<Started>()
  readonly #waiting = new Map<number, PromiseWithResolvers<number>>()
  readonly #shownAt: number[] = []
  #size = 0
  #firstPeerAt: number | undefined

  /** `peer`: a node whose ledger it joins. */
  constructor(directory: string, peer?: string) {
    const addresses = ['--addr', '127.0.0.1:0', '--listen', '127.0.0.1:0', '--no-mdns']
    const limits = ['--connections-max', '5000', '--connections-per-address-max', '5000']
    const peers = peer === undefined ? [] : ['--peer', peer]
    const flags = ['--data-dir', directory, '--json', '--broadcast-interval', '0', ...addresses, ...limits]
    this.#child = spawn(process.execPath, ['--import', COUNTER, COMMAND, 'start', ...flags, ...peers], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    this.#child.once('exit', (code) => {
      const error = new Error(`a node ended with code ${code}`)
      for (const waiting of [this.#started, ...this.#waiting.values()]) waiting.reject(error)
    })
    let line = ''
    this.#child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      const pieces = text.split('\n')
      for (const [i, piece] of pieces.entries()) {
        line += piece.slice(0, LINE_START - line.length)
        if (i === pieces.length - 1) break
        this.#read(line)
        line = ''
      }
    })
  }

  /** Once it listens. */
  started(): Promise<Started> {
    return this.#started.promise
  }

  /** How many readings are on its chain. */
  get size(): number {
    return this.#size
  }

  /** When it was first connected to another node. */
  get firstPeerAt(): number | undefined {
    return this.#firstPeerAt
  }

  /** When the chain first held each reading, from index `from` on. */
  shownAt(from: number): readonly number[] {
    return this.#shownAt.slice(from)
  }

  /**
   * When it printed the block that holds reading number `size`, counted from 1. Rejects when it ends first.
   * To be asked once for each size.
   */
  shows(size: number): Promise<number> {
    const at = this.#shownAt[size - 1]
    if (at !== undefined) return Promise.resolve(at)
    const waiting = Promise.withResolvers<number>()
    this.#waiting.set(size, waiting)
    return waiting.promise
  }

  /** Bytes that it has sent, by port. */
  async bytesSent(isCounted: (port: number) => boolean): Promise<number> {
    const flows = await bytesWritten(this.#child)
    return flows.reduce((sum, { localPort, bytes }) => sum + (isCounted(localPort) ? bytes : 0), 0)
  }

  rssMib(): number {
    return rssMib(this.#child.pid as number)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  #read(line: string): void {
    if (line.startsWith('{"event":"block"')) this.#showed(Number(/"size":(\d+)/.exec(line)?.[1]))
    else if (line.startsWith('{"event":"peer-connected"')) this.#firstPeerAt ??= performance.now()
    else if (line.startsWith('{"event":"started"')) this.#listens(line)
  }

  #listens(line: string): void {
    const terminalPort = Number(/"addresses":\["[^"]*:(\d+)"/.exec(line)?.[1])
    const nodeAddress = /"nodeAddresses":\["([^"]*)"/.exec(line)?.[1] ?? ''
    this.#started.resolve({ terminalPort, nodeAddress })
  }

  #showed(size: number): void {
    const at = performance.now()
    this.#size = size
    while (this.#shownAt.length < size) {
      this.#shownAt.push(at)
      this.#waiting.get(this.#shownAt.length)?.resolve(at)
      this.#waiting.delete(this.#shownAt.length)
    }
  }
}

/** A terminal, once it has shown its prompt. */
export async function openTerminal(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay()
  await once(socket, 'data')
  socket.resume()
  return socket
}
