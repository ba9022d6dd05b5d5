import { ok } from '@pulseledger/core'
import type { Receipt } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import { Responsive } from '../../invariants/responsive.ts'
import type { Observation } from '../../node/observation.ts'
import type { FaultKind } from '../../scenario/scenario.ts'
import { TestGroup } from '../support/group.ts'
import { bareNode } from '../support/reports.ts'
import { scenarioWith, watching } from '../support/watching.ts'

let group: TestGroup

beforeAll(async () => {
  group = await TestGroup.create()
})

function violationsAfter(waitedMs: number, faults: readonly FaultKind[]) {
  const scenario = scenarioWith({ faults: new Set(faults) })
  const { checker, violations } = watching(Responsive, group, { scenario })
  const observation: Observation = { kind: 'answered', node: bareNode(), result: ok({} as Receipt), waitedMs }
  checker.observe(observation)
  return violations
}

describe('a reading that waits for more than 45 seconds', () => {
  test('is reported when nothing is wrong but that strangers attack', () => {
    const message = 'a reading waited 45001 ms for its answer'
    const expected = [{ invariant: 'responsive', node: 'ann', message }]
    expect(violationsAfter(45_001, ['withholding', 'flood'])).toEqual(expected)
    expect(violationsAfter(45_001, [])).toEqual(expected)
    expect(violationsAfter(45_000, ['withholding'])).toEqual([])
  })

  test('may do so in a network that is cut, or over a disk that is full', () => {
    expect(violationsAfter(45_001, ['withholding', 'half'])).toEqual([])
    expect(violationsAfter(45_001, ['disk-full'])).toEqual([])
  })
})
