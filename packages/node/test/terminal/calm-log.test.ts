import { expect, test } from 'vitest'
import { CalmLog } from '../../src/terminal/calm-log.ts'
import { keepingLogger } from '../support/log.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

test('each kind of warning comes once an interval, with how many there were in between', () => {
  const clock = new VirtualClock()
  const logger = keepingLogger()
  const log = new CalmLog(clock, logger)
  for (let count = 0; count < 1_000; count++) log.warn({ count }, 'refused')
  log.warn({}, 'dropped')
  clock.advance(1_000)
  log.warn({ count: 1_000 }, 'refused')
  expect(logger.lines).toEqual([
    { level: 'warn', fields: { count: 0 }, message: 'refused' },
    { level: 'warn', fields: {}, message: 'dropped' },
    { level: 'warn', fields: { count: 1_000, alsoCount: 999 }, message: 'refused' },
  ])
})
