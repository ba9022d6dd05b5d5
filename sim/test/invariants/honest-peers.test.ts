import type { ErrorCode } from '@pulseledger/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { HonestPeers } from '../../invariants/honest-peers.ts'
import { FAULTS, type FaultKind } from '../../scenario/scenario.ts'
import { TestGroup } from '../support/group.ts'
import { bareNode, dropped, failed } from '../support/reports.ts'
import { scenarioWith, watching } from '../support/watching.ts'

/** Faults that leave every honest peer able to answer in time. */
const AUDIBLE = new Set<FaultKind>([
  ...([
    'duplicates',
    'skew',
    'clock-jump',
    'disk-full',
    'sync-error',
    'slow-disk',
    'hash-power',
    'tiny-limits',
  ] as const),
  ...(['bad-blocks', 'bad-entries', 'equivocation', 'withholding', 'lying-status', 'flood'] as const),
])

const BLAME: readonly ErrorCode[] = ['MESSAGE_INVALID', 'PEER_FLOOD', 'BLOCK_EMPTY', 'PEER_ANSWER_INVALID']

let group: TestGroup
const peer = 'e7e7e7e7e7'

beforeAll(async () => {
  group = await TestGroup.create()
})

function watch(faults: readonly FaultKind[], isHonest: boolean) {
  const scenario = scenarioWith({ faults: new Set(faults) })
  return watching(HonestPeers, group, { scenario, isHonest: (id) => isHonest || id !== peer })
}

describe('a node that hangs up', () => {
  test.each(BLAME)('on an honest peer for %s is reported, whatever the network does', (code) => {
    for (const faults of [[], FAULTS]) {
      const { checker, violations } = watch(faults, true)
      checker.observe(dropped(bareNode(), peer, code))
      const message = `hangs up on e7e7e7e7, which is honest: ${code}, so it seems`
      expect(violations).toEqual([{ invariant: 'honest-peers', node: 'ann', message }])
    }
  })

  test('on one that does not keep to the rules is right', () => {
    const { checker, violations } = watch([], false)
    for (const code of [...BLAME, 'PEER_STALLED' as const]) checker.observe(dropped(bareNode(), peer, code))
    expect(violations).toEqual([])
    checker.observe(dropped(bareNode(), 'somebody else', 'PEER_FLOOD'))
    expect(violations).toHaveLength(1)
  })

  test.each(FAULTS.filter((kind) => !AUDIBLE.has(kind)))(
    'on a silent one is excused by %s, for its silence alone',
    (kind) => {
      const { checker, violations } = watch([kind], true)
      checker.observe(dropped(bareNode(), peer, 'PEER_STALLED'))
      expect(violations).toEqual([])
      checker.observe(dropped(bareNode(), peer, 'MESSAGE_INVALID'))
      expect(violations).toHaveLength(1)
    },
  )

  test('on a silent one is reported where everybody can be heard', () => {
    const { checker, violations } = watch([...AUDIBLE], true)
    checker.observe(failed(bareNode(), 'STORE_DISK_FULL'))
    checker.observe(dropped(bareNode(), peer, 'PEER_STALLED'))
    expect(violations).toMatchObject([{ message: expect.stringContaining('PEER_STALLED') }])
  })
})
