import { describeError } from './failure.ts'
import { type CliIo, processIo } from './io.ts'
import { runCommandLine } from './run.ts'

/**
 * The command `pulseledger`: `words` are those behind its name. Sets the exit code (docs/ERRORS.md); the
 * process then ends by itself, when what was printed has left.
 */
export async function main(words: readonly string[]): Promise<void> {
  const io = processIo()
  process.on('uncaughtException', (error) => crash(error, io))
  // Whoever writes learns of it from the write; without a listener the process would die of a closed pipe.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  process.exitCode = await runCommandLine(words, io)
}

/**
 * A promise that nobody handled ends up here too. What was acknowledged is durable: stopping at once is safe.
 */
function crash(error: unknown, { stderr, environment, exit }: CliIo): void {
  const described = describeError(error, false, environment)
  stderr.write(described.text)
  exit(described.exit)
}
