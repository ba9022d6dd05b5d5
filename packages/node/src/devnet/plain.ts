import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { parseCommand } from './commands.ts'
import type { Devnet } from './devnet.ts'

export interface PlainInit {
  readonly devnet: Devnet
  readonly input: Readable
  readonly write: (line: string) => void
  readonly interrupted: Promise<unknown>
}

/**
 * A devnet for scripts: one line an event, and commands as words, one after the other. Ends at `quit`, at
 * the end of the input, or when it is interrupted. Resolves with the number of commands that failed.
 */
export async function runPlain({ devnet, input, write, interrupted }: PlainInit): Promise<number> {
  const unsubscribe = devnet.subscribe((lines) => {
    for (const line of lines) write(line)
  })
  let failedCount = 0
  try {
    const started = await Promise.race([devnet.start().then(() => true), interrupted.then(() => false)])
    if (!started) return failedCount
    write('ready')
    const reader = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
    const followed = follow(reader, devnet, (problem) => {
      failedCount += 1
      write(`error ${problem}`)
    })
    await Promise.race([followed, interrupted])
    reader.close()
    return failedCount
  } finally {
    await devnet.stop()
    unsubscribe()
  }
}

async function follow(
  lines: AsyncIterable<string>,
  devnet: Devnet,
  onProblem: (problem: string) => void,
): Promise<void> {
  for await (const line of lines) {
    const parsed = parseCommand(line, devnet.model.nodes.length)
    if (!parsed.ok) {
      onProblem(parsed.problem)
      continue
    }
    const { command } = parsed
    if (command === undefined) continue
    if (command.kind === 'quit') return
    const problem = await devnet.carryOut(command)
    if (problem !== undefined) onProblem(problem)
  }
}
