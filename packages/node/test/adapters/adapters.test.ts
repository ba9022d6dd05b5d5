import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { createLogger } from '../../src/adapters/logger.ts'
import { systemRandom } from '../../src/adapters/random.ts'

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('runs a task once, after its delay and not before', () => {
    let runs = 0
    systemClock.after(500, () => runs++)
    vi.advanceTimersByTime(499)
    expect(runs).toBe(0)
    vi.advanceTimersByTime(1)
    expect(runs).toBe(1)
    vi.advanceTimersByTime(5_000)
    expect(runs).toBe(1)
    expect(systemClock.now()).toBe(6_500)
  })

  test('runs nothing that was cancelled', () => {
    let runs = 0
    systemClock.after(10, () => runs++)()
    vi.advanceTimersByTime(100)
    expect(runs).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('waits longer than the 24.8 days that one timer can, and can still be cancelled then', () => {
    const days30 = 30 * 24 * 3_600_000
    let runs = 0
    systemClock.after(days30, () => runs++)
    vi.advanceTimersByTime(days30 - 1)
    expect(runs).toBe(0)
    vi.advanceTimersByTime(1)
    expect(runs).toBe(1)

    const cancel = systemClock.after(days30, () => runs++)
    vi.advanceTimersByTime(days30 - 1)
    cancel()
    vi.advanceTimersByTime(days30)
    expect(runs).toBe(1)
  })

  test('refuses a delay that is no whole number of milliseconds', () => {
    for (const delay of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => systemClock.after(delay, () => {})).toThrow('broken invariant: a timer of')
    }
  })
})

test('system chance gives as many bytes as were asked for, other ones each time', () => {
  const first = systemRandom.bytes(32)
  const second = systemRandom.bytes(32)
  expect(first.length).toBe(32)
  expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype)
  expect(second).not.toEqual(first)
})

describe('the logger', () => {
  const clock = { now: () => Date.UTC(2026, 10, 22, 11, 16, 33, 120), after: () => () => {} }

  function logged(
    level: 'warn' | 'silent' | 'debug',
    pretty: boolean,
    fields: object,
    message: string,
  ): string {
    let text = ''
    const logger = createLogger({ level, pretty, clock, write: (line) => (text += line) })
    logger.warn(fields, message)
    return text
  }

  test('writes one JSON object a line, with the time of the clock and no process or host', () => {
    expect(logged('warn', false, { peer: '127.0.0.1' }, 'dropped a slow reader')).toBe(
      '{"level":"warn","time":"2026-11-22T11:16:33.120Z","peer":"127.0.0.1","msg":"dropped a slow reader"}\n',
    )
  })

  test('writes one plain line for a terminal', () => {
    const fields = { peer: '127.0.0.1', count: 3, err: new Error('it broke'), note: 'two words' }
    expect(logged('warn', true, fields, 'dropped a slow reader')).toBe(
      '11:16:33.120 warn  dropped a slow reader peer=127.0.0.1 count=3 err="it broke" note="two words"\n',
    )
  })

  test('lets nothing but printable ASCII and its own newline out, in either form', () => {
    const hostile = '\u001b[2J\u0000\r\n\u009b\u202e\u{1f600}\u2028é'
    for (const pretty of [true, false]) {
      const text = logged('debug', pretty, { line: hostile }, hostile)
      expect(text).toMatch(/^[\x20-\x7e]*\n$/)
    }
    expect(JSON.parse(logged('debug', false, { line: hostile }, hostile)).line).toBe(hostile)
  })

  test('is quiet below its level', () => {
    expect(logged('silent', false, {}, 'anything')).toBe('')
    let text = ''
    const logger = createLogger({ level: 'warn', pretty: false, clock, write: (line) => (text += line) })
    logger.info({}, 'not shown')
    logger.debug({}, 'not shown')
    expect(text).toBe('')
  })
})
