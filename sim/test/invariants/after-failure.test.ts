import { beforeAll, describe, expect, test } from 'vitest'
import { AfterFailure } from '../../invariants/after-failure.ts'
import type { Observation, ObservedNode } from '../../node/observation.ts'
import { TestGroup } from '../support/group.ts'
import { bareNode, committed, failed, ioFailed, published, refused } from '../support/reports.ts'
import { confirmed, watching } from '../support/watching.ts'

let group: TestGroup
let now = 0

beforeAll(async () => {
  group = await TestGroup.create()
})

function watch() {
  return watching(AfterFailure, group, { now: () => now })
}

type Told = (by: ObservedNode) => Observation
type Named = readonly [what: string, told: Told]

const WRITES: readonly Named[] = [
  ['a full disk', (by) => ioFailed(by, 'STORE_DISK_FULL')],
  ['a failed write', (by) => ioFailed(by, 'STORE_WRITE_FAILED')],
]
const READ: Named = ['a read that ends the node', (by) => failed(by, 'STORE_READ_FAILED')]

const SIGNS: Named = ['signs', (by) => ({ kind: 'signed', node: by })]
const COMMITS: Named = ['commits', committed]
const CONFIRMS: Named = ['confirms a reading', (by) => confirmed(by, new Uint8Array(32))]
const TELLS: readonly Named[] = [
  ['publishes blocks', (by) => published(by, 'blocks', 100)],
  ['publishes entries', (by) => published(by, 'entries', 100)],
  CONFIRMS,
]
const DEEDS = [SIGNS, COMMITS, ...TELLS]

/** What is reported of a node to which the one happens and which does the other so much later. */
function reported(failure: Told, deed: Told, laterMs: number): readonly object[] {
  const { checker, violations } = watch()
  const node = bareNode()
  checker.observe(failure(node))
  expect(violations).toEqual([])
  now += laterMs
  checker.observe(deed(node))
  return violations
}

function violation(what: string): object {
  return { invariant: 'after-failure', node: 'ann', message: `${what} after an I/O error` }
}

describe.each(WRITES)('after %s', (_, failure) => {
  test.each(DEEDS)('a node that %s is reported', (what, deed) => {
    expect(reported(failure, deed, 1)).toEqual([violation(what)])
  })

  test.each([SIGNS, COMMITS])('a node that %s is reported in the same moment already', (what, deed) => {
    expect(reported(failure, deed, 0)).toEqual([violation(what)])
  })

  // A commit takes a task of its own, so what was decided before it is heard before it fails.
  test('a node that confirms a reading is reported in the same moment already', () => {
    expect(reported(failure, CONFIRMS[1], 0)).toHaveLength(1)
  })
})

describe(`after ${READ[0]}`, () => {
  test.each([SIGNS, ...TELLS])('a node that %s is reported', (what, deed) => {
    expect(reported(READ[1], deed, 1)).toEqual([violation(what)])
  })

  test('a node that signs is reported in the same moment already', () => {
    expect(reported(READ[1], SIGNS[1], 0)).toEqual([violation('signs')])
  })

  test.each(TELLS)('a node that %s in the same moment may have decided so before', (_what, deed) => {
    expect(reported(READ[1], deed, 0)).toEqual([])
  })

  test('a commit that was under way may come to its end', () => {
    expect(reported(READ[1], committed, 5)).toEqual([])
  })
})

describe.each([...WRITES, READ])('after %s', (_, failure) => {
  test('a node may refuse readings, hang up and end', () => {
    const { checker, violations } = watch()
    const node = bareNode()
    checker.observe(failure(node))
    now += 1
    checker.observe(refused(node))
    checker.observe({ kind: 'dropped', node, peer: 'p', reason: { code: 'PEER_STALLED', message: '' } })
    checker.observe({ kind: 'down', node, isCrash: true })
    expect(violations).toEqual([])
  })

  test.each(DEEDS)('another node that %s is fine, and its own next process too', (_what, deed) => {
    const { checker, violations } = watch()
    const node = { ...bareNode() }
    checker.observe(failure(node))
    now += 1
    checker.observe(deed(bareNode('bea')))
    node.lifeCount = 2
    checker.observe({ kind: 'booted', node })
    checker.observe(deed(node))
    expect(violations).toEqual([])
  })

  test('the next process is held to its own failure', () => {
    const { checker, violations } = watch()
    const node = { ...bareNode() }
    checker.observe(failure(node))
    node.lifeCount = 2
    checker.observe(failure(node))
    expect(violations).toEqual([])
    checker.observe(SIGNS[1](node))
    expect(violations).toEqual([violation('signs')])
  })
})

describe('after a failed read', () => {
  test('for the question of a peer, a node goes on: it alone knows whether the read mattered', () => {
    for (const [, deed] of DEEDS)
      expect(reported((by) => ioFailed(by, 'STORE_READ_FAILED'), deed, 1)).toEqual([])
  })

  test('and a failed write, a node that commits is reported as after the write alone', () => {
    const { checker, violations } = watch()
    const node = bareNode()
    checker.observe(READ[1](node))
    checker.observe(ioFailed(node, 'STORE_WRITE_FAILED'))
    now += 1
    checker.observe(committed(node))
    expect(violations).toHaveLength(1)
  })
})
