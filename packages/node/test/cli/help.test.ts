import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { COMMANDS } from '../../src/cli/program.ts'
import { OPTION_KEYS, OPTIONS, type OptionRow } from '../../src/config/option-table.ts'
import { longFlag } from '../../src/config/read-config.ts'
import { Workplace } from './support/harness.ts'

let place: Workplace

beforeAll(() => {
  place = new Workplace()
})
afterAll(() => {
  place.remove()
})

function literally(text: string): string {
  return text.replace(/[^A-Za-z0-9 ]/g, '\\$&')
}

async function printed(...words: string[]): Promise<string> {
  const ran = await place.run(words)
  expect(ran).toMatchObject({ exit: 0, stderr: '' })
  return ran.stdout
}

test('the version is that of the package', async () => {
  for (const flag of ['-V', '--version']) expect(await printed(flag)).toBe(`${manifest.version}\n`)
})

test('the help of the program lists its commands', async () => {
  const text = await printed('--help')
  await expect(text).toMatchFileSnapshot('help/pulseledger.txt')
  for (const words of [['-h'], ['help']]) expect(await printed(...words)).toBe(text)
  for (const { name, summary } of COMMANDS)
    expect(text).toMatch(new RegExp(`^  ${name} .*${literally(summary)}$`, 'm'))
})

describe.each(COMMANDS.map((command) => [command.name, command] as const))(
  'the help of %s',
  (name, command) => {
    test('is short, fits 80 columns and has examples', async () => {
      const text = await printed(name, '--help')
      await expect(text).toMatchFileSnapshot(`help/${name}.txt`)
      expect(await printed('help', name)).toBe(text)
      expect(text).toMatch(/^[\x20-\x7e\n]*$/)
      for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
      for (const [example, meaning] of command.examples)
        expect(text).toMatch(new RegExp(`^  ${literally(example)} +${literally(meaning)}$`, 'm'))
    })

    test('names the options of the table that it takes, their defaults and variables', async () => {
      const text = (await printed(name, '--help')).replace(/\s+/g, ' ')
      for (const key of OPTION_KEYS) {
        const row: OptionRow<unknown> = OPTIONS[key]
        const isTaken = row.commands === 'all' || row.commands.includes(name)
        expect(text.includes(`${longFlag(row.flag)} <`) || (isTaken && row.kind === 'switch'), key).toBe(
          isTaken,
        )
        if (!isTaken) continue
        expect(text).toContain(`variable: ${row.environment})`)
        if (row.default) expect(text).toContain(`default: ${row.default};`)
      }
    })

    test('has only examples that are understood', async () => {
      for (const [example] of command.examples) {
        const [words = ''] = example.split(/ [|>] /)
        const split = [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
        const { stderr } = await place.run([...split.slice(1), '--help'])
        expect(stderr).toBe('')
      }
    })
  },
)

test('an unknown command of help is an error too', async () => {
  expect(await place.run(['help', 'strat'])).toMatchObject({ exit: 2, stdout: '' })
})
