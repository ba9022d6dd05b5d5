import { expect, test } from 'vitest'
import { invocationOf, shellWord } from '../../src/cli/invocation.ts'

test.each([
  [
    'below npm start',
    { npm_command: 'run-script' },
    '/w/packages/node/bin/pulseledger.js',
    'npx pulseledger',
  ],
  ['below npx', { npm_command: 'exec' }, '/w/node_modules/.bin/pulseledger', 'npx pulseledger'],
  ['when it is installed', {}, '/usr/local/bin/pulseledger', 'pulseledger'],
  ['from a shim', {}, '/usr/lib/node_modules/pulseledger/bin/pulseledger.js', 'pulseledger'],
  ['in a checkout', {}, '/w/bin/pulseledger.js', 'node bin/pulseledger.js'],
  ['elsewhere', {}, '/other place/pulseledger.js', "node '/other place/pulseledger.js'"],
  ['when nobody knows', {}, undefined, 'pulseledger'],
])('%s', (_, environment, script, wanted) => {
  expect(invocationOf(environment, script, '/w')).toBe(wanted)
})

test('a word of a shell is quoted where it must be', () => {
  expect(shellWord('ward-2')).toBe('ward-2')
  expect(shellWord("ward 2's")).toBe("'ward 2'\\''s'")
})
