import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Flags } from '../../cli/flags.ts'
import { LONG_HELP, parseLongOptions } from '../../cli/long-options.ts'
import { parseSimOptions, SIM_HELP } from '../../cli/sim-options.ts'
import { ENGINES, FAULTS, scenarioOf } from '../../scenario/scenario.ts'
import { choiceOf, replayLine } from '../../shrink/run-choice.ts'

function parsed(line: string) {
  const result = parseSimOptions(line === '' ? [] : line.split(' '))
  if (!result.ok) throw new Error(result.problem)
  return result.value
}

function problem(line: string): string {
  const result = parseSimOptions(line.split(' '))
  return result.ok ? 'none' : result.problem
}

describe('the options of sim', () => {
  test('may follow their names or an equals sign', () => {
    expect(parsed('--seed 7 --nodes 9 --hours 2')).toEqual(parsed('--seed=7 --nodes=9 --hours=2'))
    expect(parsed('--seed=7 --nodes 9 --hours 0.5')).toMatchObject({
      seed: 7,
      choice: { nodes: 9, hours: 0.5 },
    })
  })

  test('have values without being given', () => {
    expect(parsed('')).toMatchObject({ seed: 1, isTrace: false, isShrink: false, isKeep: false })
    expect(scenarioOf(5, parsed('--seed 5').choice)).toEqual(scenarioOf(5))
  })

  test('choose faults, in the order of their table', () => {
    expect(parsed('--only crash,loss --without pause').choice).toMatchObject({
      only: ['loss', 'crash'],
      without: ['pause'],
    })
    expect(parsed('--only none').choice.only).toEqual([])
  })

  test('choose signatures', () => {
    expect(parsed('--real-signatures').choice.realSignatures).toBe(true)
    expect(parsed('--stub-signatures').choice.realSignatures).toBe(false)
    expect(parsed('--trace').choice.realSignatures).toBeUndefined()
  })

  test.each([
    ['--seed -1', '--seed is a whole number from 0 to 9007199254740991, not "-1"'],
    ['--seed 1.5', '--seed is a whole number from 0 to 9007199254740991, not "1.5"'],
    ['--seed 9007199254740992', 'not "9007199254740992"'],
    ['--nodes 0', '--nodes is a whole number from 1 to 50, not "0"'],
    ['--nodes 51', 'not "51"'],
    ['--nodes 1e1', 'not "1e1"'],
    ['--nodes=', 'not ""'],
    ['--hours NaN', '--hours is a number above 0, up to 10000, not "NaN"'],
    ['--hours 0', 'not "0"'],
    ['--hours -1', 'not "-1"'],
    ['--hours Infinity', 'not "Infinity"'],
    ['--only loss,bogus', 'there is no fault "bogus"; there are loss, duplicates,'],
    ['--without none,loss', 'there is no fault "none"'],
    ['--foo', 'there is no option --foo; --help lists all of them'],
    ['-x', 'there is no option -x;'],
    ['--no-trace', 'there is no option --no-trace;'],
    ['--__proto__ 1', 'there is no option --__proto__;'],
    ['--seed', '--seed needs a value'],
    ['--trace=yes', '--trace takes no value'],
    ['--seed 1 --seed 2', '--seed is given twice'],
    ['7', '"7" is not an option; options begin with --'],
    ['-- --seed 7', '"--" is not an option;'],
    ['--real-signatures --stub-signatures', 'exclude each other'],
  ])('refuse %s in one sentence', (line, sentence) => {
    expect(problem(line)).toContain(sentence)
    expect(problem(line)).not.toContain('\n')
  })

  test('never throw, whatever is given', () => {
    const words = fc.oneof(fc.string(), fc.constantFrom('--seed', '--', '-', '--only', '--seed=', '--help'))
    fc.assert(fc.property(fc.array(words), (args) => void parseSimOptions(args)))
  })
})

describe('a line that replays a run', () => {
  test('gives the run that it was made of', () => {
    const choices = fc.record({
      seed: fc.maxSafeNat(),
      nodes: fc.integer({ min: 1, max: 50 }),
      hours: fc.integer({ min: 1, max: 9_999 }).map((thousandths) => thousandths / 1_000),
      only: fc.subarray([...FAULTS]),
      realSignatures: fc.boolean(),
      engine: fc.constantFrom(...ENGINES),
    })
    fc.assert(
      fc.property(choices, fc.boolean(), (choice, isTwice) => {
        const [before, args] = replayLine(choice, isTwice).split(' -- ')
        const options = parsed(args ?? '')
        expect(before).toBe('npm run sim')
        expect(choiceOf(scenarioOf(options.seed, options.choice))).toEqual(choice)
        expect(options.isTwice).toBe(isTwice)
      }),
    )
  })

  test('is one that a person can read', () => {
    const choice = {
      seed: 7,
      nodes: 3,
      hours: 0.1,
      only: ['loss', 'crash'],
      realSignatures: false,
      engine: 'longest-chain',
    } as const
    expect(replayLine(choice)).toBe('npm run sim -- --seed 7 --nodes 3 --hours 0.1 --only loss,crash')
  })
})

describe('the options of sim:long', () => {
  test('end it by time when nothing else ends it', () => {
    expect(parseLongOptions([], 2)).toMatchObject({
      value: {
        from: 1,
        minutes: 10,
        seedCount: undefined,
        hours: 0.15,
        workerCount: 2,
        folder: 'sim-report',
      },
    })
    expect(parseLongOptions(['--seeds', '5000', '--from=3'], 2)).toMatchObject({
      value: { from: 3, minutes: undefined, seedCount: 5_000 },
    })
    expect(parseLongOptions(['--seeds', '5', '--minutes', '0.5'], 2)).toMatchObject({
      value: { minutes: 0.5, seedCount: 5 },
    })
  })

  test.each(['--minutes 0', '--seeds 0', '--workers 0', '--from x', '--out=', '--engine bft'])(
    'refuse %s',
    (line) => {
      expect(parseLongOptions(line.split(' '), 2).ok).toBe(false)
    },
  )
})

describe('help', () => {
  test('has every option of its command', () => {
    const missing = (help: string, names: readonly string[]): string[] =>
      names.filter((name) => !help.includes(`  --${name} `))
    const sim = [
      'seed',
      'nodes',
      'hours',
      'engine',
      'only',
      'without',
      'real-signatures',
      'stub-signatures',
      'trace',
    ]
    expect(missing(SIM_HELP, [...sim, 'twice', 'shrink', 'keep', 'help'])).toEqual([])
    const long = [
      'minutes',
      'seeds',
      'from',
      'hours',
      'nodes',
      'engine',
      'only',
      'without',
      'workers',
      'out',
      'help',
    ]
    expect(missing(LONG_HELP, long)).toEqual([])
  })
})

describe('flags', () => {
  test('tell the first of several mistakes', () => {
    const flags = new Flags(['--a', '--b=1', '--c'], { b: 'boolean' })
    expect(flags.problem).toBe('there is no option --a; --help lists all of them')
  })
})
