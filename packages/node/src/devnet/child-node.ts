import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { NODE_LIMITS } from '../limits.ts'
import type { Clock } from '../ports.ts'

export interface ChildNodeInit {
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** Its working directory, so that no `.env` of somebody else counts. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly onLine: (line: string) => void
  readonly onComplaint: (line: string) => void
  /** After all lines. `how` completes "node 3 ...". */
  readonly onEnd: (how: string) => void
}

/**
 * One node process. Its standard input is a pipe to this process, on which nothing is ever written: when
 * this process ends, however it ends, the system closes the pipe and the node stops (`--exit-with-parent`).
 */
export class ChildNode {
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  readonly #clock: Clock
  #hasEnded = false
  #stopping: 'stop' | 'kill' | undefined

  constructor({ command, directory, environment, clock, onLine, onComplaint, onEnd }: ChildNodeInit) {
    const [program = '', ...args] = command
    this.#clock = clock
    this.#child = spawn(program, args, {
      cwd: directory,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C is for this process, which then stops the nodes one by one.
      detached: process.platform !== 'win32',
    })
    const { stdin, stdout, stderr } = this.#child
    stdin?.on('error', () => undefined)
    eachLine(stdout, onLine)
    eachLine(stderr, onComplaint)
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        if (this.#hasEnded) return
        this.#hasEnded = true
        onEnd(how)
        resolve()
      }
      this.#child.on('error', (error) => end(`could not be started: ${error.message}`))
      // 'close' and not 'exit': then everything that it wrote has been read.
      this.#child.on('close', (code, signal) => end(this.#how(code, signal)))
    })
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  get isRunning(): boolean {
    return !this.#hasEnded
  }

  /** Whether it was told to end. */
  get isWanted(): boolean {
    return this.#stopping !== undefined
  }

  /** In good order; killed when that takes too long. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return
    this.#stopping ??= 'stop'
    this.#child.kill('SIGTERM')
    const cancel = this.#clock.after(NODE_LIMITS.devnetStopMs, () => this.#child.kill('SIGKILL'))
    await this.ended
    cancel()
  }

  /** SIGKILL: as a power cut for this process alone. */
  async kill(): Promise<void> {
    if (this.#hasEnded) return
    this.#stopping = 'kill'
    this.#child.kill('SIGKILL')
    await this.ended
  }

  #how(code: number | null, signal: NodeJS.Signals | null): string {
    if (this.#stopping === 'kill') return 'killed'
    if (this.#stopping === 'stop') return code === 0 ? 'stopped' : `stopped with ${signal ?? `code ${code}`}`
    return `ended with ${signal ?? `code ${code}`}`
  }
}

function eachLine(stream: Readable | null, onLine: (line: string) => void): void {
  let rest = ''
  stream?.setEncoding('utf8')
  stream?.on('error', () => undefined)
  stream?.on('data', (piece: string) => {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    // What is longer is none of ours; its beginning is dropped.
    if (rest.length > NODE_LIMITS.devnetLineBytesMax) rest = ''
    for (const line of lines) onLine(line)
  })
  stream?.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
