import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/bytes.ts'
import { appendLeaves, EMPTY_RANGE, rangeRoot } from '../../src/log/compact-range.ts'
import { EMPTY_ROOT, leafHash } from '../../src/log/hash.ts'
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../src/log/proofs.ts'
import { sha256Only as crypto, TwinLog } from './twin.ts'

interface Published {
  leaves: string[]
  roots: string[]
  inclusion: { index: number; size: number; path: string[] }[]
  consistency: { from: number; to: number; path: string[] }[]
}

const file = new URL('../../../../testdata/vectors/merkle-tree.json', import.meta.url)
const published: Published = JSON.parse(readFileSync(file, 'utf8'))
const bytes = (hex: string) => fromHex(hex) as Uint8Array
const leaves = published.leaves.map((data) => leafHash(bytes(data), crypto))
const reader = new TwinLog(leaves).reader(leaves.length)

describe('the values published for the eight leaves of Certificate Transparency', () => {
  test('there are nine roots, from the empty tree to eight leaves', () => {
    expect(published.roots).toHaveLength(9)
    expect(published.roots[0]).toBe(toHex(EMPTY_ROOT))
    expect(published.roots[0]).toBe(toHex(crypto.sha256(new Uint8Array())))
  })

  test.each(published.roots.map((root, size) => ({ root, size })))(
    'root of $size leaves',
    ({ root, size }) => {
      expect(toHex(rangeRoot(appendLeaves(EMPTY_RANGE, leaves.slice(0, size), crypto), crypto))).toBe(root)
    },
  )

  test.each(published.inclusion)('inclusion of leaf $index in $size', ({ index, size, path }) => {
    const made = inclusionProof(index, size, reader, crypto)
    expect(made.ok && made.value.map(toHex)).toEqual(path)
    const claim = {
      leaf: leaves[index] as Uint8Array,
      index,
      size,
      proof: path.map(bytes),
      root: bytes(published.roots[size] as string),
    }
    expect(verifyInclusion(claim, crypto)).toBe(true)
  })

  test.each(published.consistency)('consistency of $from with $to', ({ from, to, path }) => {
    const made = consistencyProof(from, to, reader, crypto)
    expect(made.ok && made.value.map(toHex)).toEqual(path)
    const claim = {
      from,
      to,
      fromRoot: bytes(published.roots[from] as string),
      toRoot: bytes(published.roots[to] as string),
      proof: path.map(bytes),
    }
    expect(verifyConsistency(claim, crypto)).toBe(true)
  })
})

describe('docs/spec/log.md', () => {
  const page = readFileSync(new URL('../../../../docs/spec/log.md', import.meta.url), 'utf8')
  const samples = new Map(
    [...page.matchAll(/^```hex (\S+)\n([\s\S]*?)^```$/gm)].map(([, name, text = '']) => [
      name,
      text.split('\n').slice(0, -1),
    ]),
  )

  test('has the published leaves, roots and proofs', () => {
    expect(Object.fromEntries(samples)).toEqual({
      'log-leaves': published.leaves,
      'log-roots': published.roots,
      'log-inclusion-5-8': published.inclusion.find(({ index, size }) => index === 5 && size === 8)?.path,
      'log-consistency-6-8': published.consistency.find(({ from, to }) => from === 6 && to === 8)?.path,
    })
  })
})
