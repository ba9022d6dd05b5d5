import { encodeInvite, fromHex, type Hash, toHex } from '@pulseledger/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { systemRandom } from '../../src/adapters/random.ts'
import { nodeCrypto } from '../../src/crypto/node-crypto.ts'
import type { JoinInput } from '../../src/join-ledger.ts'
import { createLedger, readLedger } from '../../src/open-ledger.ts'
import { NodeFailure } from '../../src/ports.ts'
import { LevelStore } from '../../src/store/level/level-store.ts'
import { eventually } from '../support/eventually.ts'
import { type Ran, type RunningCommand, Workplace } from './support/harness.ts'

const crypto = nodeCrypto()
const WARD = { name: 'ward', time: 1_700_000_000_000, salt: new Uint8Array(16).fill(7) }
const CLINIC = { ...WARD, name: 'clinic' }

let place: Workplace
let running: RunningCommand[]
/** What was asked to be fetched. */
let asked: JoinInput[]
let wardId: Hash

beforeEach(async () => {
  place = new Workplace()
  running = []
  asked = []
  wardId = await idOf(WARD)
})
afterEach(async () => {
  for (const command of running) command.interrupt()
  await Promise.all(running.map(({ done }) => done))
  place.remove()
})

/** A directory as a join of this ledger leaves it. */
async function fill(directory: string, choice: typeof WARD): Promise<Hash> {
  const store = new LevelStore({ directory, crypto, holder: { pid: process.pid, startedAt: 1 } })
  await store.open()
  try {
    const context = { crypto, clock: systemClock, random: systemRandom }
    const rules = store.head() ? readLedger(store, crypto) : await createLedger(store, choice, context)
    return rules.ledgerId
  } finally {
    await store.close()
  }
}

async function idOf(choice: typeof WARD): Promise<Hash> {
  return fill(place.path(`made-${choice.name}`), choice)
}

/** All nodes that can be reached serve the ward. */
async function joinLedger(input: JoinInput): Promise<void> {
  asked.push(input)
  const found = await fill(input.options.dataDirectory, WARD)
  const wanted = input.expectedLedger ?? wardId
  if (toHex(found) === toHex(wanted)) return
  throw new NodeFailure('LEDGER_MISMATCH', `holds ledger ${toHex(found)}, not ${toHex(wanted)}`)
}

function invite(ledgerId: Hash = wardId, addresses = ['10.0.0.7:7400']): string {
  return encodeInvite({ ledgerId, addresses }, crypto)
}

const QUICK = ['-a', '0', '--json']

async function begin(...words: string[]): Promise<RunningCommand> {
  const command = place.begin([...words, ...QUICK], { joinLedger })
  running.push(command)
  await Promise.race([eventually(() => command.stdout.text).toContain('"event":"block"'), command.done])
  return command
}

function events({ stdout }: RunningCommand): Record<string, unknown>[] {
  return stdout.text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

function refused(...words: string[]): Promise<Ran> {
  return place.run([...words, ...QUICK], { joinLedger })
}

describe('join', () => {
  test('fetches the ledger that the invite names and runs a node of it with its peers', async () => {
    const command = await begin('join', invite())
    expect(events(command)[0]).toMatchObject({
      event: 'started',
      ledger: { name: 'ward', id: toHex(wardId) },
    })
    expect(events(command)[1]).toEqual({ event: 'joined', addresses: ['10.0.0.7:7400'], isTrusted: false })
    const [{ addresses, expectedLedger, options } = asked[0] as JoinInput] = asked
    expect({ addresses, expectedLedger }).toEqual({ addresses: ['10.0.0.7:7400'], expectedLedger: wardId })
    expect(options).toMatchObject({
      dataDirectory: place.path('pulseledger-data'),
      peers: ['10.0.0.7:7400'],
      invocation: 'pulseledger',
    })
  })

  test('asks the peers of the configuration too', async () => {
    await begin('join', invite(), '--peer', '10.0.0.8:7400,10.0.0.7:7400')
    expect(asked[0]?.addresses).toEqual(['10.0.0.7:7400', '10.0.0.8:7400'])
  })

  test('simply works in the directory of a running node: it takes the next one', async () => {
    await begin('start')
    const joined = await begin('join', invite())
    expect(asked.map(({ options }) => options.dataDirectory)).toEqual([
      place.path('pulseledger-data'),
      place.path('pulseledger-data-2'),
    ])
    const [from, to] = [place.path('pulseledger-data'), place.path('pulseledger-data-2')]
    expect(asked[1]?.options.notes).toEqual([{ kind: 'directory-moved', from, to }])
    expect(events(joined)[0]).toMatchObject({ ledger: { id: toHex(wardId) } })
    expect(events(joined)[1]).toEqual({ event: 'directory-moved', from, to })
    expect(events(joined)[2]).toMatchObject({ event: 'joined' })
    await begin('join', invite())
    expect(asked.at(-1)?.options.dataDirectory).toBe(place.path('pulseledger-data-3'))
  })

  test('passes over a directory of another ledger, but for the first', async () => {
    await fill(place.path('pulseledger-data-2'), CLINIC)
    const clinic = await begin('start')
    const joined = await begin('join', invite())
    expect(asked.at(-1)?.options.dataDirectory).toBe(place.path('pulseledger-data-3'))
    running = [joined]
    clinic.interrupt()
    await clinic.done
    const { exit, stderr } = await refused('join', invite())
    expect(exit).toBe(10)
    expect(stderr).toContain('LEDGER_MISMATCH')
    expect(stderr).toContain(toHex(wardId))
  })

  test('does not look for another directory when one was named', async () => {
    await fill(place.path('ward-3'), CLINIC)
    expect((await refused('join', invite(), '-d', 'ward-3')).exit).toBe(10)
    await begin('start', '-d', 'ward-4')
    expect((await refused('join', invite(), '-d', 'ward-4')).exit).toBe(4)
  })

  test('a second time needs no fetch of anything, and says nothing of one', async () => {
    const first = await begin('join', invite())
    first.interrupt()
    await first.done
    running = []
    const second = await begin('join', invite())
    expect(events(second).map(({ event }) => event)).toEqual(['started', 'block'])
  })

  test.each([
    [() => 'pulse1abc', 2, 'INVITE_INVALID'],
    [() => 'http://example.org', 2, 'INVITE_INVALID'],
    [() => invite(wardId, []), 12, 'names no address'],
    [() => invite(wardId, ['10.0.0.7:0', 'nonsense']), 12, 'names no address'],
  ])('refuses what cannot lead anywhere (%#), and makes nothing', async (word, exit, message) => {
    const before = place.listing()
    const ran = await refused('join', word())
    expect(ran).toMatchObject({ exit, stdout: '' })
    expect(ran.stderr).toContain(message)
    expect(place.listing()).toEqual(before)
    expect(asked).toEqual([])
  })

  test('needs a network', async () => {
    const { exit, stderr } = await refused('join', invite(), '--listen', 'off')
    expect({ exit, asked }).toEqual({ exit: 2, asked: [] })
    expect(stderr).toContain('NETWORK_OFF')
  })

  test('that reaches nobody says whom it asked', async () => {
    const ran = await place.run(['join', invite()])
    expect(ran.exit).toBe(12)
    expect(ran.stderr).toContain('nobody answers at 10.0.0.7:7400')
  })

  test('can be interrupted while it waits for others', async () => {
    const command = place.begin(['join', invite()], { joinLedger: () => new Promise(() => {}) })
    await new Promise(setImmediate)
    command.interrupt()
    expect(await command.done).toMatchObject({ exit: 0, stdout: '' })
  })
})

describe('start with --peer', () => {
  test('gives an empty directory the ledger of that peer, whichever it is', async () => {
    const command = await begin('start', '--peer', '10.0.0.7:7400')
    expect(asked[0]).not.toHaveProperty('expectedLedger')
    expect(events(command)[0]).toMatchObject({ ledger: { id: toHex(wardId) } })
    expect(events(command)[1]).toEqual({ event: 'joined', addresses: ['10.0.0.7:7400'], isTrusted: true })
  })

  test('asks nobody for a ledger when the directory has one', async () => {
    await place.run(['init'])
    await begin('start', '--peer', '10.0.0.7:7400')
    expect(asked).toEqual([])
  })

  test('begins no ledger of its own when nobody answers', async () => {
    const before = place.listing()
    const ran = await place.run(['start', '--peer', '10.0.0.7:7400', ...QUICK])
    expect(ran.exit).toBe(12)
    expect(place.listing()).toEqual(before)
  })

  test('and no network is a contradiction', async () => {
    expect((await refused('start', '--peer', '10.0.0.7:7400', '--listen', 'off')).exit).toBe(2)
  })
})

test('an invite is a word of digits and letters that a shell takes as it is', () => {
  expect(invite()).toMatch(/^pulse1[a-z2-7]+$/)
  expect(fromHex(toHex(wardId))).toEqual(wardId)
})
