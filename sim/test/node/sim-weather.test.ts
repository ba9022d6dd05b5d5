import { describe, expect, test } from 'vitest'
import { Chance } from '../../kernel/chance.ts'
import { Owner, Scheduler } from '../../kernel/scheduler.ts'
import { SimWeather } from '../../node/sim-weather.ts'

const MESSAGES = 4_000

function made(latencyMs: readonly [number, number] = [10, 20]) {
  const scheduler = new Scheduler(0)
  return { scheduler, weather: new SimWeather(latencyMs, new Chance(1, 'weather'), scheduler) }
}

function sent(weather: SimWeather, from = 'a', to = 'b', count = MESSAGES): (readonly number[])[] {
  return Array.from({ length: count }, () => weather.arrivals(from, to))
}

describe('good weather', () => {
  test('lets every message arrive once, within the latency, whose ends both occur', () => {
    const arrivals = sent(made().weather)
    expect(arrivals.every(({ length }) => length === 1)).toBe(true)
    const delays = arrivals.flat()
    expect([Math.min(...delays), Math.max(...delays)]).toEqual([10, 20])
    expect(delays.every(Number.isInteger)).toBe(true)
  })
})

describe('bad weather', () => {
  test('loses its share of messages, and none that it should not', () => {
    const { weather } = made()
    weather.lossShare = 0.2
    const lost = sent(weather).filter(({ length }) => length === 0).length
    // The standard deviation is 25.
    expect(Math.abs(lost - 800)).toBeLessThan(125)
    weather.lossShare = 1
    expect(sent(weather).flat()).toEqual([])
    weather.lossShare = 0
    expect(sent(weather).every(({ length }) => length === 1)).toBe(true)
  })

  test('doubles its share of messages; the second comes at most a second later than it could', () => {
    const { weather } = made()
    weather.duplicateShare = 0.3
    const doubled = sent(weather).filter(({ length }) => length === 2)
    expect(Math.abs(doubled.length - 1_200)).toBeLessThan(145)
    const second = doubled.map(([, at]) => at as number)
    expect(Math.min(...second)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...second)).toBeLessThanOrEqual(1_020)
    expect(Math.max(...second)).toBeGreaterThan(500)
    // Either of the two may be first.
    expect(doubled.some(([a, b]) => (a as number) > (b as number))).toBe(true)
  })

  test('delays messages by its jitter at most, so that they overtake one another', () => {
    const { weather } = made([10, 10])
    weather.jitterMs = 300
    const delays = sent(weather).flat()
    expect([Math.min(...delays), Math.max(...delays)]).toEqual([10, 310])
    expect(delays.some((delay, i) => i > 0 && delay + 50 < (delays[i - 1] as number))).toBe(true)
  })

  test('is over when it is calm again', () => {
    const { weather } = made([10, 10])
    Object.assign(weather, { lossShare: 0.5, duplicateShare: 0.5, jitterMs: 900 })
    weather.clog('a', 'b', 60_000)
    weather.calm()
    expect(new Set(sent(weather).flat())).toEqual(new Set([10]))
    expect(sent(weather).every(({ length }) => length === 1)).toBe(true)
  })
})

describe('a clog', () => {
  test('holds up one direction of one connection until it is over, and then is no more', () => {
    const { scheduler, weather } = made([10, 10])
    weather.clog('a', 'b', 1_000)
    expect(weather.arrivals('a', 'b')).toEqual([1_010])
    expect([...weather.arrivals('b', 'a'), ...weather.arrivals('a', 'c')]).toEqual([10, 10])
    scheduler.take(400)
    expect(weather.arrivals('a', 'b')).toEqual([610])
    scheduler.take(1_000)
    expect(weather.arrivals('a', 'b')).toEqual([10])
    scheduler.after(50, new Owner('later'), () => {})
    scheduler.take(5_000)
    expect(weather.arrivals('a', 'b')).toEqual([10])
  })

  test('holds up duplicates as well, and does not save what is lost', () => {
    const { weather } = made([10, 10])
    weather.clog('a', 'b', 1_000)
    weather.duplicateShare = 1
    for (const delays of sent(weather)) expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_010)
    weather.lossShare = 1
    expect(sent(weather).flat()).toEqual([])
  })
})
