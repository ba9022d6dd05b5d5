/** What a run was and what came of it, in words. */
import type { Outcome } from '../run.ts'
import { FAULTS, type Scenario, type Topology } from '../scenario/scenario.ts'
import { DETERMINISTIC, type Finding } from '../shrink/attempt.ts'
import { type RunChoice, replayLine } from '../shrink/run-choice.ts'
import { Tally } from './tally.ts'
import { counted, decimal, duration, percent, plural, whole } from './words.ts'

const JOINED: Readonly<Record<Topology, string>> = {
  mesh: 'each joined with each',
  ring: 'in a ring',
  line: 'in a line',
  star: 'in a star',
  random: 'joined at random',
}

export function scenarioLines(scenario: Scenario): string[] {
  const { seed, nodeCount, hours, faults, topology, latencyMs, readingGapMs, authorShare } = scenario
  const { epochMs, finalDepth, blockEntries, hasRealSignatures } = scenario
  const authors = authorShare > 0 ? `, ${percent(authorShare)} of them by authors with keys of their own` : ''
  const latency = latencyMs[0] === latencyMs[1] ? String(latencyMs[0]) : latencyMs.join(' to ')
  return [
    `seed ${seed}`,
    named('nodes', `${whole(nodeCount)}, ${JOINED[topology]}`),
    named('latency', `${latency} ms`),
    named('length', `${duration(hours * 3_600_000)}, all made good every ${duration(epochMs)}`),
    named('faults', FAULTS.filter((kind) => faults.has(kind)).join(', ') || 'none'),
    named('load', `a reading every ${duration(readingGapMs)} on average${authors}`),
    ...engineLines(scenario),
    named('blocks', `of up to ${plural(blockEntries, 'reading')}, final below ${whole(finalDepth)} others`),
    named('signatures', hasRealSignatures ? 'real (Ed25519)' : 'stubs (one hash)'),
  ]
}

function engineLines({ engine, work, nodeCount }: Scenario): string[] {
  if (engine === 'longest-chain') return [named('engine', 'longest chain')]
  const { intervalMs, window, power } = work
  const each = `${power.slice(0, nodeCount).join(', ')} hashes a second`
  return [
    named('engine', `proof of work, a block every ${duration(intervalMs)}, windows of ${window}; ${each}`),
  ]
}

/** `tookMs`: of real time. */
export function outcomeLines(outcome: Outcome, tookMs: number): string[] {
  const { metrics, eventCount, simulatedMs, traceHash } = outcome
  const { blockCount, orphanCount, entryCount, splitCount, refusals, faultCounts } = metrics
  const inclusion = Tally.of(metrics.inclusionMs)
  const convergence = Tally.of(metrics.convergenceMs)
  const reorgs = Tally.of(metrics.reorgDepths)
  const hoursPerMinute = simulatedMs / 3_600_000 / (tookMs / 60_000)
  const ms = (value: number | undefined): string => (value === undefined ? '-' : duration(value))
  const split = splitCount > 0 ? ', then apart for longer than what is final' : ''
  return [
    named('events', `${whole(eventCount)}, ${whole(eventCount / (tookMs / 1_000))} a second`),
    named('simulated', `${duration(simulatedMs)}, ${decimal(hoursPerMinute, 1)} hours a minute`),
    named('readings', `${whole(entryCount)} on the chain`),
    named('blocks', `${whole(blockCount)}, ${percent(orphanCount / Math.max(1, blockCount))} orphans`),
    named('reorgs', `${whole(reorgs.count)}, the deepest of ${plural(reorgs.max ?? 0, 'block')}`),
    named('converged', `${plural(convergence.count, 'time')}${split}`),
    named('  in', `p50 ${ms(convergence.percentile(0.5))}, max ${ms(convergence.max)}`),
    named('confirmed', plural(inclusion.count, 'reading')),
    named('  in', `p50 ${ms(inclusion.percentile(0.5))}, p99 ${ms(inclusion.percentile(0.99))}`),
    named('refused', counted(refusals)),
    named('faults', counted(faultCounts)),
    named('trace', traceHash),
  ]
}

/** What is wrong, and the line that shows it again. */
export function findingLines(finding: Finding, choice: RunChoice): string[] {
  return [
    `VIOLATION of ${finding.invariant}`,
    named('node', finding.node),
    named('time', `${decimal(finding.atMs / 1_000, 3)} s`),
    named('what', finding.message.replaceAll('\n', `\n${' '.repeat(NAME_COLUMNS)}`)),
    named('seed', String(choice.seed)),
    named('replay', replayLine(choice, finding.invariant === DETERMINISTIC)),
  ]
}

const NAME_COLUMNS = 14

function named(name: string, value: string): string {
  return `  ${name}`.padEnd(NAME_COLUMNS) + value
}
