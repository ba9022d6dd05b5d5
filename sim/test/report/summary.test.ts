import { describe, expect, test } from 'vitest'
import { findingLines, outcomeLines, scenarioLines } from '../../report/summary.ts'
import { scenarioOf } from '../../scenario/scenario.ts'
import { attempt } from '../../shrink/attempt.ts'
import { choiceOf, replayLine } from '../../shrink/run-choice.ts'

const scenario = scenarioOf(4, { nodes: 3, hours: 0.006, only: ['crash', 'loss'], realSignatures: false })

describe('a summary', () => {
  test('tells the scenario in words', () => {
    const text = scenarioLines(scenario).join('\n')
    expect(text).toContain('seed 4')
    expect(text).toMatch(/nodes +3, /)
    expect(text).toMatch(/faults +loss, crash$/m)
    expect(text).toMatch(/signatures +stubs/)
    const other = scenarioOf(4, { only: [], realSignatures: true })
    expect(scenarioLines(other).join('\n')).toMatch(/faults +none$[\s\S]*signatures +real/m)
  })

  test('tells what came of it, and the hash of its trace', async () => {
    const { outcome } = await attempt(scenario)
    if (outcome === undefined) throw new Error('no outcome')
    const text = outcomeLines(outcome, 1_000).join('\n')
    expect(text).toContain(outcome.traceHash)
    for (const name of [
      'events',
      'simulated',
      'blocks',
      'reorgs',
      'converged',
      'confirmed',
      'refused',
      'faults',
    ]) {
      expect(text).toContain(`\n  ${name} `.trimStart())
    }
  })

  test('of a violation has the line that shows it again', () => {
    const choice = choiceOf(scenario)
    const finding = { invariant: 'caps', node: 'ann', atMs: 61_500, message: 'too much\nof it' }
    const lines = findingLines(finding, choice)
    expect(lines[0]).toBe('VIOLATION of caps')
    expect(lines.join('\n')).toMatch(/node +ann\n +time +61.5 s\n +what +too much\n +of it\n +seed +4\n/)
    expect(lines.at(-1)).toContain(replayLine(choice))
    const twice = findingLines({ ...finding, invariant: 'deterministic' }, choice)
    expect(twice.at(-1)).toContain('--twice')
  })
})
