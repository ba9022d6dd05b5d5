import { expect, test } from 'vitest'
import { completeLock } from '../lock.ts'

const TOOL = {
  version: '1.2.3',
  dev: true,
  optionalDependencies: {
    '@tool/cli-darwin-arm64': '1.2.3',
    '@tool/cli-linux-x64-musl': '1.2.3',
    'tool-linux-x64-gnu': '1.2.3',
    fsevents: '~2.3.3',
  },
}
const LINUX = { version: '1.2.3', integrity: 'sha512-x', dev: true, optional: true, os: ['linux'] }

test('adds an entry for each platform that npm left out, and changes no other', () => {
  const before = { '': {}, 'node_modules/tool': TOOL, 'node_modules/tool-linux-x64-gnu': LINUX }
  expect(completeLock(before)).toEqual({
    ...before,
    'node_modules/@tool/cli-darwin-arm64': {
      version: '1.2.3',
      cpu: ['arm64'],
      dev: true,
      optional: true,
      os: ['darwin'],
    },
    'node_modules/@tool/cli-linux-x64-musl': {
      version: '1.2.3',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    },
  })
})

test('nests an entry where another version has the place at the top', () => {
  const other = { version: '9.0.0', optional: true }
  const tool = { version: '1.2.3', optionalDependencies: { 'tool-win32-x64': '1.2.3' } }
  const packages = { 'node_modules/tool': tool, 'node_modules/tool-win32-x64': other }
  expect(completeLock(packages)['node_modules/tool/node_modules/tool-win32-x64']?.version).toBe('1.2.3')
})

test('a complete lock file stays as it is', () => {
  const once = completeLock({ 'node_modules/tool': TOOL })
  expect(completeLock(once)).toEqual(once)
})
