import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Transcript, within } from './transcript.ts'

/**
 * These tests start hundreds of processes: compiling the same program each time would be most of their
 * work.
 */
const COMPILE_CACHE = fileURLToPath(new URL('../../../../../node_modules/.cache/compile', import.meta.url))

const COMMAND = fileURLToPath(new URL('../../../bin/pulseledger.js', import.meta.url))

/** Most tests are about one node, and none may find those of others: whoever wants a network says so. */
const ALONE = { PULSELEDGER_LISTEN: 'off', PULSELEDGER_MDNS: 'false' }

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Launch {
  /** What follows `pulseledger`. */
  readonly args: readonly string[]
  /** The working directory: an empty one of this test, so that no `.env` of anyone else counts. */
  readonly directory: string
  readonly env?: Readonly<Record<string, string>>
  /** A program that runs the command, such as strace, with its arguments. */
  readonly wrapper?: readonly string[]
}

/** One JSON line of the first terminal. */
export interface NodeEvent {
  readonly event: string
  readonly [field: string]: unknown
}

export interface BlockEvent extends NodeEvent {
  readonly event: 'block'
  readonly height: number
  readonly hash: string
  readonly parent: string | null
  readonly readings: readonly { readonly measure: string; readonly value: number }[]
}

/** The real command as a real process. */
export class NodeProcess {
  readonly stdout = new Transcript('stdout')
  readonly stderr = new Transcript('stderr')
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #isGroup: boolean
  #hasExited = false
  readonly #events: NodeEvent[] = []
  #parsedTo = 0

  constructor({ args, directory, env, wrapper = [] }: Launch) {
    const [program = '', ...rest] = [...wrapper, process.execPath, COMMAND, ...args]
    // Nothing of this process's own environment may count but what every program needs.
    const { PATH = '', HOME = '' } = process.env
    this.#child = spawn(program, rest, {
      cwd: directory,
      env: { PATH, HOME, NODE_COMPILE_CACHE: COMPILE_CACHE, ...ALONE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of their own, so that a wrapper does not die alone.
      detached: wrapper.length > 0,
    })
    this.#isGroup = wrapper.length > 0
    follow(this.#child.stdout, this.stdout)
    follow(this.#child.stderr, this.stderr)
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      // 'close' and not 'exit': then all that it wrote has arrived.
      this.#child.on('close', (code, signal) => {
        this.#hasExited = true
        const why = `the process ended with ${signal ?? `code ${code}`}: ${this.stderr.text}`
        this.stdout.end(why)
        this.stderr.end(why)
        resolve({ code, signal })
      })
    })
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** Whole lines of stdout as JSON. Only of `start --json`, which is what a pipe gets. */
  get events(): readonly NodeEvent[] {
    const { text } = this.stdout
    for (let end = text.indexOf('\n', this.#parsedTo); end !== -1; end = text.indexOf('\n', this.#parsedTo)) {
      this.#events.push(JSON.parse(text.slice(this.#parsedTo, end)) as NodeEvent)
      this.#parsedTo = end + 1
    }
    return this.#events
  }

  waitForEvent<T extends NodeEvent>(what: string, is: (event: NodeEvent) => boolean): Promise<T> {
    return this.stdout.waitFor(what, () => this.events.find(is)) as Promise<T>
  }

  waitForBlock(height: number): Promise<BlockEvent> {
    return this.waitForEvent(`block ${height}`, (event) => event.event === 'block' && event.height === height)
  }

  /** Up, and serving terminals: resolves with their ports. */
  async ready(): Promise<readonly number[]> {
    const started = await this.waitForEvent<NodeEvent>('the banner', ({ event }) => event === 'started')
    return (started.addresses as string[]).map((address) =>
      Number(address.slice(address.lastIndexOf(':') + 1)),
    )
  }

  /** To the process that was started: strace hands none of these on. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async ended(what = 'the end of the process', deadlineMs?: number): Promise<Exit> {
    return within(what, this.exited, deadlineMs)
  }

  async kill(): Promise<Exit> {
    if (!this.#hasExited) process.kill(this.#isGroup ? -this.pid : this.pid, 'SIGKILL')
    return this.ended('the end of a killed process')
  }

  /** As `| head` does: whatever is written from now on meets a closed pipe. */
  closeStdout(): void {
    this.#child.stdout?.destroy()
  }
}

function follow(stream: NodeJS.ReadableStream | null, transcript: Transcript): void {
  stream?.setEncoding('utf8')
  stream?.on('data', (piece: string) => transcript.append(piece))
  stream?.on('error', () => undefined)
}
