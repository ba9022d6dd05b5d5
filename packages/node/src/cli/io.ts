import type { Readable, Writable } from 'node:stream'
import { systemClock } from '../adapters/clock.ts'
import { systemRandom } from '../adapters/random.ts'
import type { JoinInput } from '../join-ledger.ts'
import type { Clock, Random } from '../ports.ts'
import { invocationOf } from './invocation.ts'

/** Everything that a command touches of its surroundings, so that tests can run it without a process. */
export interface CliIo {
  readonly stdin: InputStream
  readonly stdout: TerminalStream
  readonly stderr: TerminalStream
  readonly environment: { readonly [name: string]: string | undefined }
  /** Absolute. */
  readonly workingDirectory: string
  readonly clock: Clock
  readonly random: Random
  /** Calls `listener` for every request to end; returns what takes it back. */
  readonly onInterrupt: (listener: () => void) => () => void
  /** Ends the process at once. */
  readonly exit: (code: number) => void
  /** How the command line is called here: `npx pulseledger`. */
  readonly invocation: string
  readonly joinLedger: JoinLedger
}

/** See `joinLedger`; a test gives its own. */
export type JoinLedger = (input: JoinInput) => Promise<void>

export interface InputStream extends Readable {
  readonly isTTY?: boolean
  setRawMode?(isRaw: boolean): unknown
}

export interface TerminalStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export function processIo(): CliIo {
  return {
    // Opened only by a command that reads it: an open one keeps the process alive.
    get stdin() {
      return process.stdin
    },
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    workingDirectory: process.cwd(),
    clock: systemClock,
    random: systemRandom,
    onInterrupt: (listener) => {
      process.on('SIGINT', listener).on('SIGTERM', listener)
      return () => {
        process.off('SIGINT', listener).off('SIGTERM', listener)
      }
    },
    exit: (code) => process.exit(code),
    invocation: invocationOf(process.env, process.argv[1], process.cwd()),
    // Loaded when it is needed: most commands have nothing to do with the network.
    joinLedger: async (input) => {
      const { joinLedger } = await import('../join-ledger.ts')
      await joinLedger(input, { clock: systemClock, random: systemRandom })
    },
  }
}

/** Whether a stream shows colours and the user wants them: no-color.org, and terminals that cannot. */
export function hasColours(stream: TerminalStream, environment: CliIo['environment']): boolean {
  const { NO_COLOR, TERM } = environment
  return stream.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb'
}
