import type { Writable } from 'node:stream'
import { systemClock } from '../adapters/clock.ts'
import { systemRandom } from '../adapters/random.ts'
import type { Clock, Random } from '../ports.ts'

/** Everything that a command touches of its surroundings, so that tests can run it without a process. */
export interface CliIo {
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
}

export interface TerminalStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

export function processIo(): CliIo {
  return {
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
  }
}

/** Whether a stream shows colours and the user wants them: no-color.org, and terminals that cannot. */
export function hasColours(stream: TerminalStream, environment: CliIo['environment']): boolean {
  const { NO_COLOR, TERM } = environment
  return stream.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb'
}
