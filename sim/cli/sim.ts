/** `npm run sim`: one run, told in words. */
import { findingLines, outcomeLines, scenarioLines } from '../report/summary.ts'
import { scenarioOf } from '../scenario/scenario.ts'
import { attempt, DETERMINISTIC } from '../shrink/attempt.ts'
import { keepSeed } from '../shrink/kept-seed.ts'
import { choiceOf, replayLine } from '../shrink/run-choice.ts'
import { type Failing, type Shrunk, shrink } from '../shrink/shrink.ts'
import { parseSimOptions, SIM_HELP, type SimOptions } from './sim-options.ts'
import { wallMs } from './wall-clock.ts'

const print = (line: string): void => console.log(line)

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseSimOptions(args)
  if (!parsed.ok) {
    console.error(`error: ${parsed.problem}`)
    return 2
  }
  if (parsed.value.isHelp) {
    print(SIM_HELP)
    return 0
  }
  return simulate(parsed.value)
}

async function simulate(options: SimOptions): Promise<number> {
  const scenario = scenarioOf(options.seed, options.choice)
  scenarioLines(scenario).forEach(print)
  const startedAt = wallMs()
  const { isTwice, isTrace } = options
  const { outcome, finding } = await attempt(scenario, { isTwice, print: isTrace ? print : undefined })
  const tookMs = wallMs() - startedAt
  print('')
  if (outcome) outcomeLines(outcome, tookMs).forEach(print)
  if (finding === undefined) return 0
  const failing: Failing = { choice: choiceOf(scenario), finding }
  print('')
  findingLines(finding, failing.choice).forEach(print)
  const smallest = options.isShrink ? await shrunk(failing) : failing
  if (options.isKeep) keep(smallest)
  return 1
}

async function shrunk(failing: Failing): Promise<Shrunk> {
  const isTwice = failing.finding.invariant === DETERMINISTIC
  print('\nshrinking')
  const smallest = await shrink(failing, {
    attempt: async (choice) => (await attempt(scenarioOf(choice.seed, choice), { isTwice })).finding,
    onSmaller: (choice) => print(`  ${replayLine(choice, isTwice)}`),
  })
  print(`\nthe smallest of ${smallest.tryCount} that were tried`)
  findingLines(smallest.finding, smallest.choice).forEach(print)
  return smallest
}

function keep(failing: Failing): void {
  const path = keepSeed(failing)
  print(path === undefined ? '\nthis seed is kept already' : `\nkept in ${path}: say in it what fixed it`)
}

process.exitCode = await main(process.argv.slice(2))
