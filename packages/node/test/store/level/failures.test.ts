import { InvariantError } from '@pulseledger/core'
import { describe, expect, test } from 'vitest'
import { NodeFailure } from '../../../src/ports.ts'
import { type Doing, storeFailure } from '../../../src/store/level/failures.ts'

/** As classic-level and abstract-level give them: a code, a text, and at times another error around it. */
function levelError(code: string, text: string, wrappers = 0): Error {
  let error: Error = Object.assign(new Error(text), { code })
  for (let i = 0; i < wrappers; i++) {
    error = Object.assign(new Error('Database is not open', { cause: error }), {
      code: 'LEVEL_DATABASE_NOT_OPEN',
    })
  }
  return error
}

describe('a failure of the store', () => {
  test.each<[string, string, Doing, NodeFailure['code']]>([
    ['LEVEL_LOCKED', 'IO error: lock /d/LOCK: Resource temporarily unavailable', 'opening', 'STORE_LOCKED'],
    ['LEVEL_CORRUPTION', 'Corruption: 1 missing files; e.g.: /d/000005.ldb', 'opening', 'STORE_DAMAGED'],
    ['LEVEL_CORRUPTION', 'Corruption: corrupted compressed block contents', 'writing', 'STORE_DAMAGED'],
    ['LEVEL_IO_ERROR', 'IO error: /d/000003.log: No space left on device', 'writing', 'STORE_DISK_FULL'],
    ['LEVEL_IO_ERROR', 'IO error: /d/000005.ldb: No space left on device', 'opening', 'STORE_DISK_FULL'],
    ['EDQUOT', 'EDQUOT: disk quota exceeded, write', 'writing', 'STORE_DISK_FULL'],
    ['LEVEL_IO_ERROR', 'IO error: /d/000003.log: Input/output error', 'writing', 'STORE_WRITE_FAILED'],
    ['LEVEL_IO_ERROR', 'IO error: /d/000003.log: File too large', 'writing', 'STORE_WRITE_FAILED'],
    ['EIO', 'EIO: i/o error, write', 'writing', 'STORE_WRITE_FAILED'],
    ['LEVEL_IO_ERROR', 'IO error: /d/LOCK: Permission denied', 'opening', 'STORE_PERMISSION'],
    ['LEVEL_IO_ERROR', 'IO error: /d/LOCK: Read-only file system', 'opening', 'STORE_PERMISSION'],
    ['EACCES', "EACCES: permission denied, mkdir '/d'", 'writing', 'STORE_PERMISSION'],
    ['LEVEL_IO_ERROR', 'IO error: /d/MANIFEST-000004: No such file or directory', 'opening', 'STORE_DAMAGED'],
    ['LEVEL_IO_ERROR', 'IO error: /d/000005.ldb: Too many open files', 'reading', 'STORE_READ_FAILED'],
    ['EIO', 'EIO: i/o error, read', 'opening', 'STORE_READ_FAILED'],
  ])('%s "%s" while %s is %s, and says so', (code, text, doing, expected) => {
    for (const wrappers of [0, 1, 2]) {
      const failure = storeFailure(levelError(code, text, wrappers), doing, '/d')
      expect(failure).toMatchObject({ code: expected })
      expect(failure.message).toContain('/d')
      expect(failure.message).toContain(text)
    }
  })

  test('that is one of ours already, or a broken invariant, stays what it is', () => {
    const ours = new NodeFailure('STORE_FORMAT', 'the database has format 2')
    expect(storeFailure(ours, 'opening', '/d')).toBe(ours)
    const bug = new InvariantError('broken')
    expect(storeFailure(bug, 'writing', '/d')).toBe(bug)
  })

  test('keeps its cause, and shows nothing of it but printable characters', () => {
    const cause = levelError('LEVEL_IO_ERROR', 'IO error: /d/\u001b[2J: Input/output error')
    const failure = storeFailure(cause, 'writing', '/d')
    expect(failure.cause).toBe(cause)
    expect(failure.message).not.toContain('\u001b')
  })
})
