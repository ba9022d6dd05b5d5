import { utf8 } from '@pulseledger/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { type Effect, Session } from '../../src/terminal/session.ts'
import { anyText } from '../support/any-text.ts'
import { FakeNode } from '../support/fake-node.ts'
import { type DriverOptions, SessionDriver } from '../support/session-driver.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const PROMPT = 'Enter a new BPM:'

function connected(options?: DriverOptions) {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  return { clock, node, driver: new SessionDriver(node, clock, options) }
}

/** Every way that a line can be, in one conversation. */
const CONVERSATION = Buffer.concat([
  Buffer.from('72\r\n 80\nabc\n\n73\r\0chain\nshow 2\n'),
  Buffer.from([0xff, 0xfb, 0x1f, 0xff, 0xfa, 0x1f, 0, 80, 0xff, 0xff, 0xff, 0xf0]),
  Buffer.from('7\x004\nstatus\n\u0667\u0662\r600\nverify\n75\r\r\n'),
  Buffer.from([0x37, 0xff, 0xf1, 0x36, 0x0a, 0xc3, 0x28, 0x0a]),
  Buffer.from('help\n77'),
])

function outputOf(pieces: readonly Uint8Array[], options?: DriverOptions, after = (_: SessionDriver) => {}) {
  const { driver } = connected(options)
  for (const piece of pieces) {
    driver.send(piece)
    after(driver)
  }
  driver.end()
  driver.settle()
  expect(driver.closed).toBe(true)
  return driver.output
}

describe('chunking', () => {
  const whole = outputOf([CONVERSATION])

  test('the conversation stores, refuses and answers', () => {
    expect(whole).toContain('"77" was not stored: the connection ended before the line did')
    expect(whole).toContain('a NUL byte')
    expect(whole).toContain('invalid UTF-8')
    expect(whole).toContain('Verified 4 blocks')
  })

  test('the same bytes cut at every point give the same output', () => {
    for (let at = 0; at <= CONVERSATION.length; at++) {
      expect(outputOf([CONVERSATION.subarray(0, at), CONVERSATION.subarray(at)]), `cut at ${at}`).toBe(whole)
    }
  })

  test('byte by byte gives the same output', () => {
    expect(outputOf(Array.from(CONVERSATION, (byte) => Uint8Array.of(byte)))).toBe(whole)
  })

  test('any cuts, with answers at any later time, give the same output', () => {
    const cuts = fc.array(fc.nat({ max: CONVERSATION.length }), { maxLength: 12 })
    const delays = fc.array(fc.nat({ max: 4 }), { minLength: 13, maxLength: 13 })
    fc.assert(
      fc.property(cuts, delays, (at, settles) => {
        const edges = [0, ...at.toSorted((a, b) => a - b), CONVERSATION.length]
        const pieces = edges.slice(1).map((end, index) => CONVERSATION.subarray(edges[index], end))
        const later = [...settles]
        const output = outputOf(pieces, { atOnce: false }, (driver) => driver.settle(later.pop() ?? 0))
        expect(output).toBe(whole)
      }),
      { numRuns: 300 },
    )
  })
})

describe('any bytes', () => {
  const byte = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Buffer.from('0172 \n\r.-chain')) },
    { weight: 1, arbitrary: fc.nat({ max: 255 }) },
    { weight: 1, arbitrary: fc.constantFrom(0x00, 0x0a, 0x0d, 0x1b, 0xf0, 0xfa, 0xfb, 0xff) },
  )
  const chunks = fc.array(
    fc.oneof(
      fc.array(byte, { maxLength: 60 }).map((bytes) => Uint8Array.from(bytes)),
      fc.uint8Array({ maxLength: 3_000 }),
      fc.constantFrom('chain\n', 'show 0\n', 'status\n', 'verify\n', '72\n').map(utf8),
    ),
    { maxLength: 20 },
  )

  test('never throw, are always answered in printable ASCII and end with a closed connection', () => {
    let runs = 0
    fc.assert(
      fc.property(chunks, fc.boolean(), (pieces, atOnce) => {
        const { driver } = connected({ atOnce })
        for (const piece of pieces) driver.send(piece)
        driver.end()
        driver.settle()
        expect(driver.closed).toBe(true)
        expect(driver.output).toMatch(/^[\n\x20-\x7e]*\n$/)
        expect(driver.waitingMax).toBeLessThanOrEqual(NODE_LIMITS.linesInFlightMax + 1)
        runs += 1
      }),
      { numRuns: 500 },
    )
    expect(runs).toBe(500)
  })

  test('no byte that a stranger wrote reaches another terminal unescaped', () => {
    const text = anyText({ minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(text, (subject) => {
        const { node, driver } = connected()
        node.add([{ measure: 'bpm', value: 72, subject, device: subject, note: subject }])
        driver.send('chain\nshow 1\n')
        expect(driver.output).toMatch(/^[\n\x20-\x7e]*$/)
      }),
    )
  })
})

describe('lines in flight', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `${index % 500}\n`).join('')

  test('are submitted before the first of them is answered', () => {
    const { driver, node } = connected({ atOnce: false })
    driver.send('72\n80\n')
    expect(driver.waiting.map(({ kind }) => kind)).toEqual(['submit', 'submit'])
    driver.settle()
    expect(node.chain.length).toBe(3)
  })

  test('are at most linesInFlightMax: reading pauses, goes on with the answers, and loses none', () => {
    const { driver, node } = connected({ atOnce: false })
    driver.send(many(1_000))
    expect(driver.paused).toBe(true)
    expect(driver.waiting.length).toBe(NODE_LIMITS.linesInFlightMax)
    driver.settle()
    expect(driver.paused).toBe(false)
    expect(driver.waitingMax).toBeLessThanOrEqual(NODE_LIMITS.linesInFlightMax + 1)
    expect(node.submitted.map(({ value }) => value)).toEqual(Array.from({ length: 1_000 }, (_, n) => n % 500))
    expect(driver.output.split(PROMPT).length).toBe(1_000 + 2)
  })

  test('are answered in the order of the lines when the node answers in another', () => {
    const { driver, node } = connected({ atOnce: false })
    driver.send('72\nabc\n80\n')
    const results = driver.waiting.splice(0).map((effect) => {
      const { ticket, reading } = effect as Effect & { kind: 'submit' }
      return { kind: 'submitted', ticket, result: node.accept(reading) } as const
    })
    for (const event of results.toReversed()) driver.step(event)
    expect(driver.output).toMatch(/#1 72 BPM.*\n.*"abc".*\n.*#2 80 BPM/)
  })

  test('lines that need no node give others their turn as well', () => {
    const { driver } = connected({ atOnce: false })
    driver.send('\n'.repeat(600))
    expect(driver.output).toBe(PROMPT.repeat(1 + NODE_LIMITS.linesPerTurnMax))
    expect(driver.waiting).toEqual([{ kind: 'continue' }])
    driver.settle()
    expect(driver.output).toBe(PROMPT.repeat(601))
  })

  test('what was answered is written before a question is asked, however soon that is answered', () => {
    const { node } = connected()
    const session = new Session({ document: node.document, measure: node.document.measures[0]! })
    session.step({ kind: 'connected' })
    const effects = session.step({ kind: 'bytes', bytes: utf8('abc\nstatus\n') })
    expect(effects.map(({ kind }) => kind)).toEqual(['write', 'query'])
  })

  test('a question waits for the answers before it, and what follows waits for its answer', () => {
    const { driver } = connected({ atOnce: false })
    driver.send('72\nchain\n80\n')
    expect(driver.waiting.map(({ kind }) => kind)).toEqual(['submit'])
    driver.settle(1)
    expect(driver.waiting.map(({ kind }) => kind)).toEqual(['query'])
    driver.settle()
    expect(driver.output).toMatch(/72 BPM stored.*genesis.*80 BPM stored/s)
  })
})

describe('what the node says', () => {
  test('a reading that the node refuses is answered with the reason and the remedy', () => {
    const { driver, node } = connected()
    node.refusal = { code: 'PENDING_FULL', message: '1000000 entries wait' }
    driver.send('72\n')
    expect(driver.output).toContain(
      '72 was not stored: 1000000 entries wait. Wait a moment and send it again; nothing was stored. ' +
        '[PENDING_FULL]\n',
    )
  })

  test('a reading that was in flight when the node failed is not called lost', () => {
    const { driver, node } = connected()
    node.refusal = { code: 'NODE_STOPPING', message: 'not confirmed, because the node failed' }
    driver.send('72\n')
    expect(driver.output).toContain('72: not confirmed, because the node failed. It may or may not be stored')
    expect(driver.output).not.toContain('not stored')
  })

  test('a reading whose fate the node does not know is not called stored', () => {
    const { driver } = connected({ atOnce: false })
    driver.send('72\n')
    const [effect] = driver.waiting.splice(0) as [Effect & { kind: 'submit' }]
    driver.step({ kind: 'unconfirmed', ticket: effect.ticket })
    expect(driver.output).toContain('failed before this was confirmed')
    expect(driver.output).not.toContain('stored in block')
  })

  test('answers to lines that are not there any more are ignored', () => {
    const { driver } = connected()
    driver.send('72\n')
    const before = driver.output
    driver.step({ kind: 'answered', ticket: 1, text: 'again\n' })
    driver.step({ kind: 'answered', ticket: 99, text: 'what\n' })
    expect(driver.output).toBe(before)
  })
})

describe('broadcasts', () => {
  const bytes = utf8('\n[{"Index":0}]\n')

  test('are followed by a prompt when the client was at one', () => {
    const { driver } = connected()
    driver.broadcast(bytes)
    expect(driver.output).toBe(`${PROMPT}\n[{"Index":0}]\n${PROMPT}`)
  })

  test('bring no prompt while a line is in flight: its answer does', () => {
    const { driver } = connected({ atOnce: false })
    driver.send('72\n')
    driver.broadcast(bytes)
    expect(driver.output.endsWith('[{"Index":0}]\n')).toBe(true)
    driver.settle()
    expect(driver.output.endsWith(PROMPT)).toBe(true)
  })

  test('are handed on as the one shared buffer', () => {
    const { node } = connected()
    const session = new Session({ document: node.document, measure: node.document.measures[0]! })
    session.step({ kind: 'connected' })
    const [effect] = session.step({ kind: 'broadcast', bytes })
    expect((effect as Effect & { kind: 'write' }).bytes).toBe(bytes)
  })

  test('do not reach a client that has ended its side', () => {
    const { driver } = connected({ atOnce: false })
    driver.send('72\n')
    driver.end()
    driver.broadcast(bytes)
    driver.settle()
    expect(driver.output).not.toContain('Index')
  })
})

describe('time for a line', () => {
  test('a whole line sets no limit', () => {
    const { driver, clock } = connected()
    driver.send('72\n')
    expect(clock.timerCount).toBe(0)
  })

  test('the limit counts from the beginning of the line, however often a byte comes', () => {
    const { driver, clock } = connected()
    for (let second = 0; second < 29; second++) {
      driver.send('7')
      clock.advance(1_000)
    }
    expect(driver.closed).toBe(false)
    clock.advance(1_000)
    expect(driver.closed).toBe(true)
    expect(driver.output).toMatch(/must end within 30 s: connect again\.\n$/)
  })

  test('each line has its own limit', () => {
    const { driver, clock } = connected()
    driver.send('7')
    clock.advance(20_000)
    driver.send('2\n8')
    clock.advance(20_000)
    driver.send('0\n')
    expect(driver.closed).toBe(false)
    expect(driver.deadlineMs).toBe(null)
  })

  test('a telnet command that was begun counts as a line', () => {
    const { driver, clock } = connected()
    driver.send(Uint8Array.of(0xff, 0xfa))
    clock.advance(30_000)
    expect(driver.closed).toBe(true)
  })

  test('is not held against a client whose lines wait for us', () => {
    const { driver, clock } = connected({ atOnce: false })
    driver.send(`${'72\n'.repeat(300)}8`)
    clock.advance(60_000)
    expect(driver.closed).toBe(false)
  })
})

describe('stopping', () => {
  test('answers what is in flight, says one goodbye and closes; never half a line', () => {
    const { driver, node } = connected({ atOnce: false })
    driver.send('72\n80\n8')
    driver.step({ kind: 'stop' })
    expect(driver.closed).toBe(false)
    driver.settle()
    expect(driver.closed).toBe(true)
    expect(node.chain.length).toBe(3)
    expect(driver.output).toMatch(
      /80 BPM stored in block [0-9a-f]{8}\nEnter a new BPM:\nThe node is stopping: .*\n$/,
    )
  })

  test('reads nothing any more', () => {
    const { driver, node } = connected({ atOnce: false })
    driver.send('72\n')
    driver.step({ kind: 'stop' })
    driver.send('80\n')
    driver.settle()
    expect(node.submitted.length).toBe(1)
  })

  test('gives up a verification that is running', () => {
    const { driver } = connected({ atOnce: false })
    driver.send('verify\n')
    driver.step({ kind: 'stop' })
    expect(driver.closed).toBe(true)
  })
})
