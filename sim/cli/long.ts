/** `npm run sim:long`: one seed after another, as long as there is time. */
import { availableParallelism } from 'node:os'
import { Pool } from './long/pool.ts'
import { showProgress } from './long/progress.ts'
import { type LongEnd, reportLines, writeReport } from './long/report.ts'
import { Walk } from './long/walk.ts'
import { LONG_HELP, type LongOptions, parseLongOptions } from './long-options.ts'
import { afterWallMs, wallMs } from './wall-clock.ts'

const print = (line: string): void => console.log(line)

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseLongOptions(args, availableParallelism())
  if (!parsed.ok) {
    console.error(`error: ${parsed.problem}`)
    return 2
  }
  if (parsed.value.isHelp) {
    print(LONG_HELP)
    return 0
  }
  const walk = new Walk(parsed.value)
  const end = await walked(walk, parsed.value)
  const paths = writeReport(walk, parsed.value, end)
  reportLines(walk, end).forEach(print)
  print(`\nwritten: ${paths.join(', ')}`)
  return walk.violationCount === 0 ? 0 : 1
}

async function walked(walk: Walk, { workerCount, minutes }: LongOptions): Promise<LongEnd> {
  const pool = new Pool({
    workerCount,
    next: () => walk.next(),
    onDone: (result) => {
      walk.done(result)
      tellViolation(walk, result.seed)
    },
    onLost: (order, what) => {
      walk.lost(order, what)
      tellViolation(walk, order.seed)
    },
  })
  let givenUp: number[] = []
  const stop = (): void => {
    givenUp = pool.underWay
    pool.stop()
  }
  process.on('SIGINT', stop)
  // A budget of time is one of the whole command, so what it took until here counts too.
  const forget = minutes === undefined ? undefined : afterWallMs(minutes * 60_000 - wallMs(), stop)
  const endProgress = showProgress(walk, process.stdout, wallMs)
  await pool.run()
  endProgress()
  forget?.()
  process.off('SIGINT', stop)
  return { elapsedMs: wallMs(), givenUp }
}

/** At once: a long walk can be looked into while it goes on. */
function tellViolation({ violations }: Walk, seed: number): void {
  const last = violations.at(-1)
  if (last?.seed === seed) print(`\n${last.invariant}: ${last.replay}`)
}

process.exitCode = await main(process.argv.slice(2))
