import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Edit } from '../../zoo/bug.ts'
import { BUGS } from '../../zoo/bugs.ts'
import { huntBug } from '../../zoo/hunt.ts'
import { patched, plantedSources } from '../../zoo/patch.ts'

const edit: Edit = { file: 'a.ts', find: 'a < b', replace: 'a <= b' }

describe('patched', () => {
  test('replaces the one place', () => {
    expect(patched('if (a < b) stop()', edit)).toBe('if (a <= b) stop()')
  })

  test('takes the replacement as it is written', () => {
    expect(patched('if (a < b) stop()', { ...edit, replace: "$& $' $1" })).toBe("if ($& $' $1) stop()")
  })

  test('refuses a find that matches nothing', () => {
    expect(() => patched('if (b > a) stop()', edit)).toThrow('packages/a.ts has 0 places, not one')
  })

  test('refuses a find that matches twice', () => {
    expect(() => patched('if (a < b || a < b) stop()', edit)).toThrow('packages/a.ts has 2 places, not one')
  })
})

describe('plantedSources', () => {
  let directory = ''

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'zoo-'))
    writeFileSync(join(directory, 'a.ts'), 'a < b; c < d')
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  test('applies several edits to one file', () => {
    const packages = pathToFileURL(`${directory}/`)
    const second: Edit = { file: 'a.ts', find: 'c < d', replace: 'c <= d' }
    const sources = plantedSources({ edits: [edit, second] }, packages)
    expect([...sources]).toEqual([[new URL('a.ts', packages).href, 'a <= b; c <= d']])
  })

  test('refuses a file that is not there', () => {
    const missing: Edit = { ...edit, file: 'b.ts' }
    expect(() => plantedSources({ edits: [missing] }, pathToFileURL(`${directory}/`))).toThrow('ENOENT')
  })

  test.each(BUGS)('still knows where to plant: $name', (bug) => {
    for (const [url, source] of plantedSources(bug)) {
      expect(url).toMatch(/\/packages\/(core|node)\/src\//)
      expect(source.length).toBeGreaterThan(0)
    }
  })
})

test('a hunt for a bug that cannot be planted fails', async () => {
  const [bug] = BUGS
  const unknown = { ...(bug as (typeof BUGS)[number]), name: 'no-such-bug' }
  await expect(huntBug(unknown, 1)).rejects.toThrow('no bug in the zoo is named "no-such-bug"')
})
