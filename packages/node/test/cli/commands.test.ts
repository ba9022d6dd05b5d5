import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Ran, type RunOptions, Workplace } from './support/harness.ts'

let place: Workplace

beforeEach(() => {
  place = new Workplace()
})
afterEach(() => {
  place.remove()
})

/** Runs a command that must succeed and say nothing on stderr; its stdout. */
async function well(words: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran: Ran = await place.run(words, options)
  expect(ran).toMatchObject({ exit: 0, stderr: '' })
  return ran.stdout
}

async function json(...words: string[]): Promise<Record<string, never>> {
  return JSON.parse(await well([...words, '--json']))
}

const DOCUMENT = {
  name: 'ward-2',
  measures: [
    { name: 'bpm', label: 'BPM', unit: '/min', loinc: '8867-4', minimum: 0, maximum: 500, decimals: 0 },
    { name: 'temperature', label: 'Temperature', unit: 'Cel', minimum: 30, maximum: 45, decimals: 1 },
  ],
  engine: { name: 'longest-chain', finalDepth: 7 },
  limits: { blockEntries: 20, blockBytes: 65_536, timeAhead: 60_000 },
  time: 1_767_225_600_000,
  salt: '000102030405060708090a0b0c0d0e0f',
}

describe('init', () => {
  test('begins a ledger of the options, says its id and what to type next', async () => {
    const words = [
      'init',
      '-n',
      'ward-2',
      '-m',
      'bpm:/min:0:500',
      '-m',
      'temperature:Cel:30:45:1',
      '--final-depth',
      '7',
    ]
    const limits = ['--block-entries', '20', '--block-bytes', '65536', '--time-ahead', '1m']
    const stdout = await well([...words, ...limits])
    expect(stdout).toMatch(
      /^ledger {5}ward-2\nid {9}[0-9a-f]{64}\nengine {5}longest-chain, final after 7 blocks\n/,
    )
    expect(stdout).toContain('measure    temperature: 30..45 Cel, 1 decimal\n')
    expect(stdout).toMatch(/\nStart its node:\n {2}pulseledger start\n$/)
    const { name, engine, limits: made, measures } = JSON.parse(await well(['show', 'genesis']))
    expect({ name, engine, limits: made }).toEqual({
      name: DOCUMENT.name,
      engine: DOCUMENT.engine,
      limits: DOCUMENT.limits,
    })
    expect(measures.map((measure: { label: string }) => measure.label)).toEqual(['BPM', 'Temperature'])
  })

  test('takes another engine with what is chosen of it and defaults for the rest', async () => {
    const own = ['--interval', '30s', '--difficulty', '120', '--final-depth', '9']
    const stdout = await well(['init', '--engine', 'proof-of-work', ...own])
    expect(stdout).toContain('engine     proof-of-work, a block every 30 s, final after 9 blocks\n')
    expect(JSON.parse(await well(['show', 'genesis'])).engine).toEqual({
      ...{ name: 'proof-of-work', finalDepth: 9, intervalMs: 30_000, window: 16 },
      ...{ difficulty: 120, difficultyMinimum: 3 },
    })
  })

  test.each([
    [['--difficulty', '5'], 'engine.difficulty: longest-chain has no such parameter; it has finalDepth'],
    [['--engine', 'proof-of-luck'], "'proof-of-luck' is not one of longest-chain, proof-of-work"],
    [
      ['--engine', 'proof-of-work', '--difficulty', '5', '--difficulty-minimum', '6'],
      'engine.difficulty: 5 is below engine.difficultyMinimum, 6',
    ],
  ])('refuses %j', async (words, message) => {
    const { exit, stderr } = await place.run(['init', ...words])
    expect(exit).toBe(2)
    expect(stderr).toContain(message)
  })

  test('of a complete document makes the same ledger everywhere; `show genesis` gives it back', async () => {
    writeFileSync(place.path('ward.json'), JSON.stringify(DOCUMENT))
    const first = await json('init', '-g', 'ward.json', '-d', 'one')
    const second = await json('init', '-g', 'ward.json', '-d', 'two')
    expect(first.ledger).toEqual(second.ledger)
    const shown = await well(['show', 'genesis', '-d', 'one'])
    expect(JSON.parse(shown)).toEqual(DOCUMENT)
    writeFileSync(place.path('shown.json'), shown)
    const third = await json('init', '-g', 'shown.json', '-d', 'three')
    expect(third.ledger).toEqual(first.ledger)
  })

  test('without a salt begins another ledger each time', async () => {
    const first = await json('init', '-d', 'one')
    const second = await json('init', '-d', 'two')
    expect(first.ledger).not.toEqual(second.ledger)
  })

  test('quotes the directory in the command to type next', async () => {
    const stdout = await well(['init', '-d', "ward 2's"])
    expect(stdout).toContain(`  pulseledger start --data-dir '${place.path("ward 2'\\''s")}'\n`)
  })

  test('refuses a directory that holds a ledger, and leaves it as it is', async () => {
    await well(['init', '-n', 'first'])
    const before = await well(['show', 'genesis'])
    const { exit, stderr, stdout } = await place.run(['init', '-n', 'second'])
    expect({ exit, stdout }).toEqual({ exit: 10, stdout: '' })
    expect(stderr).toContain("already holds the ledger 'first'")
    expect(await well(['show', 'genesis'])).toBe(before)
  })

  test.each([
    [['-m', 'bpm'], "measure 'bpm' is not of the form"],
    [['-m', 'bpm:/min:0'], 'is not of the form'],
    [['-m', 'a:b:0:1:0:label:more'], 'is not of the form'],
    [['-m', 'temperature:°C:30:45'], "has the unit '\\u{b0}C'; units are those of UCUM"],
    [['-m', 'bpm:/min:zero:500'], "'zero' is not a number"],
    [['-m', 'bpm:/min:500:0'], 'minimum'],
    [['-m', 'BPM:/min:0:500'], "'BPM'"],
    [['-m', 'bpm:/min:0:500', '-m', 'bpm:/min:0:500'], "'bpm' is that of measures[0] too"],
    [['-m', 'bpm:/min:0.5:500'], 'more than 0 decimals'],
    [['--final-depth', '0'], "'0' is not a whole number from 1"],
    [['--block-bytes', '100'], "'100' is not a whole number from 4096"],
    [['--time-ahead', 'soon'], "'soon' is not 0 or a number with its unit"],
    [['-n', ''], 'name: 0 bytes'],
    [['-n', 'a\nb'], 'cannot be printed'],
    [['-g', 'x.json', '-n', 'x'], '--genesis goes with no other option'],
  ])('refuses %j and makes nothing', async (words, message) => {
    const { exit, stderr } = await place.run(['init', ...words])
    expect(stderr).toMatch(/^error: [\x20-\x7e]*\n$/)
    expect(stderr).toContain(message)
    expect(exit).toBe(2)
    expect(place.listing()).toEqual([])
  })
})

describe('on a directory without a ledger', () => {
  test.each(['log', 'status', 'verify', 'show 0', 'log -f'])('%s says so and makes nothing', async (line) => {
    const { exit, stdout, stderr } = await place.run(line.split(' '))
    expect({ exit, stdout }).toEqual({ exit: 12, stdout: '' })
    expect(stderr).toContain(`${place.path('pulseledger-data')} holds no ledger`)
    expect(place.listing()).toEqual([])
  })
})

describe('with a ledger and no node', () => {
  beforeEach(async () => {
    writeFileSync(place.path('ward.json'), JSON.stringify(DOCUMENT))
    await well(['init', '-g', 'ward.json'])
  })

  test('log lists what there is', async () => {
    expect(await well(['log'])).toMatch(/^#0 {6}2026-01-01 00:00:00Z {2}genesis {15}[0-9a-f]{8} {2}final\n$/)
    expect(await well(['log', '--readings'])).toBe('')
    expect(await json('log')).toMatchObject({ event: 'block', height: 0 })
    expect(await well(['log', '--from', '1'])).toBe('')
    expect(await well(['log', '--from', '5', '--to', '2'])).toBe('')
  })

  test('log -f lists what there is, then says that no node runs', async () => {
    const { exit, stdout, stderr } = await place.run(['log', '-f'])
    expect(exit).toBe(12)
    expect(stdout).toContain('genesis')
    expect(stderr).toContain('[NODE_NOT_RUNNING]')
  })

  test('show shows by height and by hash', async () => {
    const shown = await well(['show', '0'])
    const hash = /[0-9a-f]{64}/.exec(shown)?.[0] as string
    expect(shown).toContain('measure   temperature: Temperature 30..45 Cel')
    expect(await well(['show', hash])).toBe(shown)
    expect(await well(['show', hash.toUpperCase()])).toBe(shown)
    expect(await json('show', '0')).toMatchObject({ height: 0, hash })
  })

  test.each([
    ['1', 12, 'there is no block 1'],
    ['0'.repeat(64), 12, 'there is no block and no entry 0000'],
    ['00', 2, "'00' is not a height"],
    ['-1', 2, "'-1' is not a height"],
    ['9007199254740993', 12, 'there is no block and no entry 9007199254740993'],
    ['9007199254740993'.repeat(5), 2, 'is not a height'],
    ['0x1', 2, "'0x1' is not a height"],
    ['\u001b[2J', 2, "'\\u{1b}[2J' is not a height"],
  ])('show %j ends with %i', async (argument, exit, message) => {
    const ran = await place.run(['show', argument])
    expect(ran).toMatchObject({ exit, stdout: '' })
    expect(ran.stderr).toMatch(/^error: [\x20-\x7e]*\n$/)
    expect(ran.stderr).toContain(message)
  })

  test('show without a block says what is missing', async () => {
    expect(await place.run(['show'])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("missing required argument 'block'"),
    })
  })

  test('status says that no node runs', async () => {
    const text = await well(['status'])
    expect(text).toContain('\nnode        not running\n')
    expect(text).toContain('\npublic key  none yet\n')
    expect(await json('status')).toMatchObject({
      ledger: { name: 'ward-2', engine: 'longest-chain' },
      head: { height: 0, size: 0, time: '2026-01-01T00:00:00.000Z' },
      finalHeight: 0,
      pendingCount: 0,
      publicKey: null,
      node: null,
    })
  })

  test('verify says that all is well', async () => {
    expect(await well(['verify'])).toBe('ok: 1 blocks up to #0 and 0 readings are as they must be\n')
    expect(await json('verify')).toEqual({
      ok: true,
      headHeight: 0,
      blockCount: 1,
      entryCount: 0,
      erasedCount: 0,
      isUnsettled: false,
      problems: [],
    })
  })

  test('commands leave no trace of their own', async () => {
    await well(['log'])
    await well(['status'])
    expect(place.listing(place.path('pulseledger-data')).some((path) => path.startsWith('node.json'))).toBe(
      false,
    )
    expect(place.listing(place.path('pulseledger-data')).some((path) => path.startsWith('key'))).toBe(false)
  })

  test('colours are for terminals, and for those who want them', async () => {
    const sequence = '\u001b['
    expect((await place.run(['log'], { isTTY: true })).stdout).toContain(sequence)
    for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      expect((await place.run(['log'], { isTTY: true, environment })).stdout).not.toContain(sequence)
    }
    expect((await place.run(['log'])).stdout).not.toContain(sequence)
  })

  test('a reader that goes away ends a command quietly', async () => {
    expect(await place.run(['log'], { breakAfter: 0 })).toMatchObject({ exit: 0, stdout: '', stderr: '' })
  })
})

describe('keys', () => {
  test('makes nothing without --create', async () => {
    expect(await place.run(['keys'])).toMatchObject({ exit: 11, stdout: '' })
    expect(place.listing()).toEqual([])
  })

  test('shows the same key after it was made, and never the seed', async () => {
    const made = await well(['keys', '--create', '-d', 'a/b'])
    const path = place.path('a/b/key')
    expect(made).toMatch(/^public key {2}[0-9a-f]{64}\n/)
    expect(made).toContain(path)
    expect(await well(['keys', '-d', 'a/b'])).toBe(made)
    expect(await well(['keys', '--create', '-d', 'a/b'])).toBe(made)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(place.path('a/b')).mode & 0o777).toBe(0o700)
    const seed = readFileSync(path, 'latin1').slice(-65, -1)
    expect(made).not.toContain(seed)
    expect(await json('keys', '-d', 'a/b')).toEqual({ publicKey: made.slice(12, 76), path })
  })

  test('refuses a key that others may read, for a start as well', async () => {
    await well(['keys', '--create'])
    chmodSync(place.path('pulseledger-data/key'), 0o644)
    for (const words of [['keys'], ['start', '-a', '0']]) {
      const { exit, stderr } = await place.run(words)
      expect(exit).toBe(11)
      expect(stderr).toContain('has mode 0644 and must have 0600')
    }
  })
})

describe('an error', () => {
  test('has its stack only when it is asked for', async () => {
    const plain = await place.run(['show', 'x'])
    expect(plain.stderr.split('\n')).toHaveLength(2)
    const debug = await place.run(['show', 'x'], { environment: { PULSELEDGER_DEBUG: '1' } })
    expect(debug.stderr).toMatch(/^error: .*\nNodeFailure: .*\n {4}at /)
  })
})
