import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { systemClock } from '../../../src/adapters/clock.ts'
import { systemRandom } from '../../../src/adapters/random.ts'
import type { CliIo, JoinLedger, TerminalStream } from '../../../src/cli/io.ts'
import { runCommandLine } from '../../../src/cli/run.ts'
import type { JoinInput } from '../../../src/join-ledger.ts'
import { NodeFailure } from '../../../src/ports.ts'

/** Keeps what is written. `breakAfter` bytes it behaves like a pipe whose reader is gone. */
export class Captured extends Writable implements TerminalStream {
  text = ''
  readonly isTTY: boolean
  readonly columns = 80
  readonly #breakAfter: number

  constructor({ isTTY = false, breakAfter = Number.POSITIVE_INFINITY } = {}) {
    super({ decodeStrings: false })
    this.isTTY = isTTY
    this.#breakAfter = breakAfter
    this.on('error', () => {})
  }

  override _write(chunk: string | Buffer, _: string, done: (error?: Error) => void): void {
    if (this.text.length >= this.#breakAfter) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      return
    }
    this.text += chunk.toString()
    done()
  }
}

export interface Ran {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
}

export interface RunOptions {
  readonly environment?: Record<string, string>
  readonly isTTY?: boolean
  readonly breakAfter?: number
  /** Absent: there is nobody to join. */
  readonly joinLedger?: JoinLedger
}

/** No test may meet the nodes of another one, or those of the machine it runs on. */
const ALONE = { PULSELEDGER_LISTEN: '127.0.0.1:0', PULSELEDGER_MDNS: 'false' }

async function joinNobody({ addresses }: JoinInput): Promise<void> {
  throw new NodeFailure('PEER_UNREACHABLE', `nobody answers at ${addresses.join(', ')}`)
}

export interface RunningCommand {
  readonly done: Promise<Ran>
  readonly stdout: Captured
  readonly stderr: Captured
  readonly exits: number[]
  interrupt(): void
}

/** A directory of its own for a test, and commands that run in it. */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), 'pulseledger-cli-'))

  run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.begin(words, options).done
  }

  begin(
    words: readonly string[],
    { environment = {}, isTTY, breakAfter, joinLedger = joinNobody }: RunOptions = {},
  ): RunningCommand {
    const stdout = new Captured({ isTTY, breakAfter })
    const stderr = new Captured({ isTTY })
    const listeners = new Set<() => void>()
    const exits: number[] = []
    const io: CliIo = {
      stdin: Readable.from([]),
      stdout,
      stderr,
      environment: { ...ALONE, ...environment },
      workingDirectory: this.directory,
      clock: systemClock,
      random: systemRandom,
      onInterrupt: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      exit: (code) => exits.push(code),
      invocation: 'pulseledger',
      joinLedger,
    }
    const startedAt = systemClock.now()
    const done = runCommandLine(words, io).then((exit) => {
      return { exit, stdout: stdout.text, stderr: stderr.text, tookMs: systemClock.now() - startedAt }
    })
    const interrupt = () => {
      for (const listener of listeners) listener()
    }
    return { done, stdout, stderr, exits, interrupt }
  }

  path(...names: string[]): string {
    return join(this.directory, ...names)
  }

  /** Every path below, with what is in it: two equal listings mean that nothing was touched. */
  listing(below = this.directory): string[] {
    return readdirSync(below, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const facts = statSync(join(below, name))
        return `${name} ${facts.isFile() ? readFileSync(join(below, name), 'base64') : ''}`
      })
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
