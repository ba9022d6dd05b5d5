import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkTidy } from '../tidy.ts'
import { makeTree } from './support/tree.ts'

const MANIFEST = { 'package.json': '{ "scripts": { "build": "node tools/build.ts", "test": "vitest run" } }' }
const CLI = {
  'packages/node/src/cli/main.ts':
    "program.command('start [dir]').alias('run')\nprogram.addCommand(new Command('verify'))\n",
}
const lines = (count: number, line = 'a()'): string => `${Array<string>(count).fill(line).join('\n')}\n`
const fenced = (command: string): string => `# Title\n\n\`\`\`sh\n${command}\n\`\`\`\n`

function problemsOf(files: Readonly<Record<string, string>>): readonly string[] {
  return checkTidy(makeTree({ ...MANIFEST, ...CLI, ...files })).problems
}

test('finds nothing in a tidy tree and says how many files it read', () => {
  expect(checkTidy(makeTree({ ...MANIFEST, 'a.ts': 'a()\n' }))).toEqual({ problems: [], filesCount: 2 })
})

test('fails when there is no file to read', () => {
  expect(checkTidy(makeTree({})).problems).toEqual([expect.stringContaining('no file')])
})

test('reads neither binary files nor those .gitignore names', () => {
  const long = `${'x'.repeat(111)}\n`
  const ignored = { '.gitignore': 'dist/\n*.gen.js\n', 'p/dist/a.js': long, 'b.gen.js': long }
  expect(problemsOf({ ...ignored, 'c.js': `\0${long}` })).toEqual([])
})

describe('width', () => {
  test('rejects code of 111 columns and accepts 110', () => {
    expect(problemsOf({ 'a.ts': `// ${'x'.repeat(107)}\n` })).toEqual([])
    expect(problemsOf({ 'a.ts': `// ${'x'.repeat(108)}\n` })).toEqual(['a.ts:1: 111 columns, at most 110'])
  })

  test('rejects wide prose but not wide tables, links or quoted terminals', () => {
    const wide = 'x'.repeat(111)
    expect(problemsOf({ 'a.md': `${wide}\n` })).toEqual(['a.md:1: 111 columns, at most 110'])
    const forced = `| ${wide} |\n\n[${wide}](#a)\n\n\`\`\`\n${wide}\n\`\`\`\n`
    expect(problemsOf({ 'a.md': forced })).toEqual([])
  })
})

describe('length', () => {
  const named = (count: number): string => `export function long(): void {\n${lines(count - 2)}}\n`

  test('rejects a function of 71 lines and accepts 70', () => {
    expect(problemsOf({ 'a.ts': named(70) })).toEqual([])
    expect(problemsOf({ 'a.ts': named(71) })).toEqual(['a.ts:1: long: 71 lines, at most 70'])
  })

  test.each([
    ['an arrow function', (body: string) => `const long = () => {\n${body}}\n`],
    ['a method', (body: string) => `class A { long(): void {\n${body}} }\n`],
    ['a property', (body: string) => `const o = { long() {\n${body}} }\n`],
    ['a function without a name', (body: string) => `run(() => {\n${body}})\n`],
  ])('measures %s', (_claim, wrap) => {
    expect(problemsOf({ 'a.ts': wrap(lines(70)) })).toEqual([
      expect.stringContaining(': 72 lines, at most 70'),
    ])
  })

  test('measures each test of a suite by itself', () => {
    const one = `  test('one', () => {\n${lines(30)}  })\n`
    const suite = `describe('all', () => {\n${one.repeat(5)}})\n`
    expect(problemsOf({ 'packages/a/test/a.test.ts': suite })).toEqual([])
    const long = `describe('all', () => {\n  test.each([1])('one', () => {\n${lines(70)}  })\n})\n`
    expect(problemsOf({ 'packages/a/test/a.test.ts': long })).toHaveLength(1)
  })

  test('rejects a file of 401 lines, and a test of 601', () => {
    expect(problemsOf({ 'a.ts': lines(400) })).toEqual([])
    expect(problemsOf({ 'a.ts': lines(401) })).toEqual(['a.ts: 401 lines, at most 400'])
    expect(problemsOf({ 'test/a.test.ts': lines(600) })).toEqual([])
    expect(problemsOf({ 'test/a.test.ts': lines(601) })).toEqual(['test/a.test.ts: 601 lines, at most 600'])
  })

  test('holds what is allowed at its number: not more, not less, not needlessly', () => {
    const allow = (list: object): Record<string, string> => ({
      'tools/tidy-allow.json': JSON.stringify(list),
    })
    expect(problemsOf({ 'a.ts': named(80), ...allow({ 'a.ts#long': 80 }) })).toEqual([])
    expect(problemsOf({ 'a.ts': named(81), ...allow({ 'a.ts#long': 80 }) })).toHaveLength(1)
    expect(problemsOf({ 'a.ts': named(79), ...allow({ 'a.ts#long': 80 }) })).toHaveLength(1)
    expect(problemsOf({ 'a.ts': named(60), ...allow({ 'a.ts#long': 80 }) })).toHaveLength(1)
  })

  test('rejects a list that grew since the last commit', () => {
    const root = makeTree({ ...MANIFEST, 'tools/tidy-allow.json': '{}', 'a.ts': named(80) })
    const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: root, stdio: 'ignore' })
    git('init')
    git('add', '.')
    git('-c', 'user.name=a', '-c', 'user.email=a@localhost', 'commit', '--no-verify', '-m', 'a')
    writeFileSync(join(root, 'tools/tidy-allow.json'), '{ "a.ts#long": 80 }')
    expect(checkTidy(root).problems).toEqual([expect.stringContaining('more than was committed')])
  })
})

describe('markers', () => {
  // In two halves, or the check would find them here.
  const join2 = (...halves: string[]): string => halves.join('')

  test.each([
    ['a.ts', join2('// TO', 'DO: later')],
    ['a.md', join2('FIX', 'ME')],
    ['a.ts', join2('// XX', 'X')],
    ['a.js', join2('// HA', 'CK')],
    ['a.ts', join2('debug', 'ger')],
    ['packages/a/test/a.test.ts', join2('test.on', "ly('a', run)")],
    ['packages/a/test/a.test.ts', join2('describe.sk', "ip('a', run)")],
    ['packages/a/src/a.ts', join2('console', ".log('a')")],
    ['docs/a.md', join2('see /ho', 'me/someone/file')],
    ['a.json', join2('"/wo', 'rk/main"')],
    ['b.ts', join2("const key = '/ro", "ot/.key'")],
    ['.npmrc', join2('registry=https://regis', 'try.npmjs.org/')],
    ['package-lock.json', join2('  "resolved": "ht', 'tps://example.org/a.tgz",')],
  ])('rejects in %s: %s', (path, line) => {
    expect(problemsOf({ [path]: `${line}\n` })).toEqual([expect.stringMatching(`^${path}:1: `)])
  })

  test.each([
    ['a.ts', join2('rows.sk', 'ip(1)')],
    ['docs/a.md', 'A debugger helps; see https://example.org/home/page and docs/work/plan.'],
    ['tools/a.ts', "console.log('done')"],
    ['package-lock.json', '  "resolved": "packages/core",'],
  ])('accepts in %s: %s', (path, line) => {
    expect(problemsOf({ [path]: `${line}\n` })).toEqual([])
  })
})

describe('links', () => {
  test('rejects a relative link to a file that is not there', () => {
    expect(problemsOf({ 'docs/a.md': 'See [b](b.md) and\n[c][1].\n\n[1]: ../c.md\n' })).toEqual([
      'docs/a.md:1: link leads nowhere: b.md',
      'docs/a.md:4: link leads nowhere: ../c.md',
    ])
  })

  test('accepts links to files, folders, parts of pages and the web', () => {
    const text = '[b](../b.md#part) [c](../docs) [d](#d) [e](https://example.org) `[f](f.md)`\n'
    expect(problemsOf({ 'docs/a.md': text, 'b.md': '' })).toEqual([])
  })
})

describe('commands', () => {
  test.each([
    ['npm run missing', 'no script "missing" in package.json'],
    ['$ npm ci && npm start', 'no script "start" in package.json'],
    ['ADDR=9000 npx pulseledger mine', 'no subcommand "mine" in packages/node/src/cli'],
    ['pulseledger mine --json', 'no subcommand "mine" in packages/node/src/cli'],
    ['node tools/missing.ts', 'no file tools/missing.ts'],
  ])('rejects %s', (command, problem) => {
    expect(problemsOf({ 'README.md': fenced(command) })).toEqual([`README.md:4: ${problem}`])
  })

  test('rejects a script that is not there when prose names it', () => {
    expect(problemsOf({ 'CONTRIBUTING.md': 'Run `npm run missing`.\n' })).toHaveLength(1)
  })

  test.each([
    'npm ci && npm test',
    'npm run build   # npm run something',
    'npx pulseledger start --json',
    'npx pulseledger run | tee log.txt',
    'npx pulseledger verify ./data',
    'npx pulseledger help',
    'npx pulseledger --version',
    'node packages/node/src/cli/main.ts',
  ])('accepts %s', (command) => {
    expect(problemsOf({ 'docs/guide/a.md': fenced(command) })).toEqual([])
  })
})
