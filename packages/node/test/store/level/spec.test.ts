import { readFileSync } from 'node:fs'
import { concatBytes, toHex } from '@pulseledger/core'
import { expect, test } from 'vitest'
import { AnchorFile } from '../../../src/store/level/anchor.ts'
import { anchorPath } from '../../../src/store/level/data-directory.ts'
import { FORMAT_VERSION } from '../../../src/store/level/database.ts'
import { canonicalKey, KIND, META } from '../../../src/store/level/keys.ts'
import { seal } from '../../../src/store/level/records.ts'
import { temporaryDirectory } from '../../support/store-places.ts'

const page = readFileSync(new URL('../../../../../docs/spec/store.md', import.meta.url), 'utf8')
const HASH = new Uint8Array(32).fill(0xab)

/** The page without what separates its hexadecimal digits for the eye. */
const digits = page.replaceAll(
  /\s+|"PLHEAD", a newline, 1|number of commits|height of the head|hash of the head/g,
  '',
)

test('docs/spec/store.md lists every kind of record and no other', () => {
  const listed = [...page.matchAll(/^\| `([0-9a-f]+)`/gm)].map(([, hex]) => hex)
  const kinds = Object.values(KIND).filter((kind) => kind !== KIND.meta)
  const existing = [...kinds.map((kind) => kind.toString(16)), ...Object.values(META).map(toHex)]
  expect(listed.sort()).toEqual(existing.sort())
  expect(page).toContain(`format version ${FORMAT_VERSION} of the data directory`)
})

test('docs/spec/store.md shows a sealed record as it is written', () => {
  const key = canonicalKey(7)
  expect(digits).toContain(`key${toHex(key)}value${toHex(seal(key, HASH))}`)
})

test('docs/spec/store.md shows the anchor as it is written', () => {
  const path = anchorPath(temporaryDirectory())
  const anchor = new AnchorFile(path)
  expect(anchor.open()).toBeUndefined()
  anchor.write({ commits: 3, head: { height: 2, hash: HASH } })
  anchor.close()
  const bytes = readFileSync(path)
  expect(bytes).toHaveLength(60)
  expect(digits).toContain(toHex(concatBytes(bytes)))
})
