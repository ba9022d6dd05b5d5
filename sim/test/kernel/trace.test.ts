import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Trace } from '../../kernel/trace.ts'

type Event = readonly [at: number, order: number] | Uint8Array

function hashOf(events: readonly Event[]): string {
  const trace = new Trace(0)
  for (const event of events) {
    if (event instanceof Uint8Array) trace.bytes(event)
    else trace.task(...event)
  }
  return trace.hash
}

/** What is mixed in, one number after the other. */
function wordOf(events: readonly Event[]): string {
  return events.flatMap((event) => [...event]).join()
}

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.tuple(fc.nat(2 ** 43), fc.nat(2 ** 31)),
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
)
const anyEvents = fc.array(anyEvent, { minLength: 1, maxLength: 30 })

describe('the hash of a trace', () => {
  test('is the same for the same events, and has 16 hexadecimal digits', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        expect(hashOf(events)).toBe(hashOf(events))
        expect(hashOf(events)).toMatch(/^[0-9a-f]{16}$/)
      }),
    )
  })

  test('differs when one event has another time, order or content', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(), (events, choice) => {
        const i = choice % events.length
        const changed = events.map((event, j): Event => {
          if (i !== j) return event
          if (event instanceof Uint8Array) return event.map((byte, k) => (k === 0 ? byte ^ 1 : byte))
          return choice % 2 === 0 ? [event[0] + 1, event[1]] : [event[0], event[1] + 1]
        })
        expect(hashOf(changed)).not.toBe(hashOf(events))
      }),
    )
  })

  test('differs when an event is missing, is one too many, or two have changed places', () => {
    fc.assert(
      fc.property(anyEvents, anyEvent, (events, other) => {
        const longer = [...events, other]
        expect(hashOf(longer)).not.toBe(hashOf(events))
        expect(hashOf([other, ...events])).not.toBe(hashOf(events))
        const reversed = longer.toReversed()
        if (wordOf(reversed) !== wordOf(longer)) expect(hashOf(reversed)).not.toBe(hashOf(longer))
      }),
    )
  })

  test('takes in every bit of a number of 53 bits', () => {
    const hashes = new Set(Array.from({ length: 53 }, (_, bit) => hashOf([[2 ** bit, 1]])))
    expect(hashes.size).toBe(53)
  })

  test('is not repeated by 20,000 histories that differ in one number', () => {
    const hashes = new Set(Array.from({ length: 20_000 }, (_, i) => hashOf([[i, 1]])))
    expect(hashes.size).toBe(20_000)
  })

  test('does not depend on what is told or printed', () => {
    const lines: string[] = []
    const [silent, loud] = [new Trace(0), new Trace(0, (line) => lines.push(line))]
    for (const trace of [silent, loud]) {
      trace.task(5, 1)
      trace.tell(5, 'ann', () => 'starts')
    }
    expect(loud.hash).toBe(silent.hash)
    expect([loud.eventCount, silent.eventCount]).toEqual([1, 1])
    expect(lines).toHaveLength(1)
  })
})

describe('what is told', () => {
  test('is a line with the time since the beginning and who it is about', () => {
    const lines: string[] = []
    const trace = new Trace(10_000, (line) => lines.push(line))
    trace.tell(71_234, 'ann', () => 'is killed')
    expect(lines).toEqual(['    61.234 s  ann      is killed'])
  })

  test('is put into words only when somebody reads it', () => {
    const trace = new Trace(0)
    trace.tell(1, 'ann', () => expect.unreachable('nobody reads it'))
  })
})
