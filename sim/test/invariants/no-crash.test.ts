import type { ErrorCode } from '@pulseledger/core'
import { NodeFailure } from 'pulseledger/simulation'
import { beforeAll, describe, expect, test } from 'vitest'
import { NoCrash } from '../../invariants/no-crash.ts'
import { TestGroup } from '../support/group.ts'
import { bareNode, failed, ioFailed, refused } from '../support/reports.ts'
import { watching } from '../support/watching.ts'

let group: TestGroup

beforeAll(async () => {
  group = await TestGroup.create()
})

describe('a node that fails', () => {
  test.each<ErrorCode>(['STORE_WRITE_FAILED', 'STORE_READ_FAILED', 'STORE_DISK_FULL'])(
    'with %s ends as it should',
    (code) => {
      const { checker, violations } = watching(NoCrash, group)
      checker.observe(failed(bareNode(), code))
      expect(violations).toEqual([])
    },
  )

  test('because its store is damaged is reported: no fault of a simulation damages one', () => {
    const { checker, violations } = watching(NoCrash, group)
    checker.observe(failed(bareNode(), 'STORE_DAMAGED'))
    const message = expect.stringMatching(/^STORE_DAMAGED: it failed\n/)
    expect(violations).toEqual([{ invariant: 'no-crash', node: 'ann', message }])
  })

  test('because of a bug is reported with the stack of the bug', () => {
    const { checker, violations } = watching(NoCrash, group)
    const cause = new RangeError('there is no third block')
    const failure = new NodeFailure('INTERNAL', cause.message, { cause })
    checker.observe({ kind: 'failed', node: bareNode(), failure })
    const message = `INTERNAL: there is no third block\n${cause.stack}`
    expect(violations).toEqual([{ invariant: 'no-crash', node: 'ann', message }])
  })

  test('with what is no failure of a node at all is reported by the name of the error', () => {
    const { checker, violations } = watching(NoCrash, group)
    const error = new TypeError('x is undefined')
    checker.observe({ kind: 'failed', node: bareNode(), failure: error as NodeFailure })
    expect(violations).toMatchObject([{ message: expect.stringMatching(/^TypeError: x is undefined\n/) }])
  })
})

describe('a node that goes on', () => {
  test('after a failed read or a refused reading, or is killed, is fine', () => {
    const { checker, violations } = watching(NoCrash, group)
    checker.observe(ioFailed(bareNode(), 'STORE_READ_FAILED'))
    checker.observe(refused(bareNode()))
    checker.observe({ kind: 'down', node: bareNode(), isCrash: true })
    expect(violations).toEqual([])
  })
})
