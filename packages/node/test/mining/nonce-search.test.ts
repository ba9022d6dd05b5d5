import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { midstate } from '../../src/mining/midstate.ts'
import { NonceSearch } from '../../src/mining/nonce-search.ts'
import { digestOf, dumbFind, EASIEST, HARDEST, oneLess, targetOf } from './dumb-work.ts'

const search = await NonceSearch.create()
const PREFIX = Uint8Array.from({ length: 128 }, (_, i) => i * 7)

/** Whole blocks of SHA-256, none included. */
const prefixes = fc
  .integer({ min: 0, max: 16 })
  .chain((blocks) => fc.uint8Array({ minLength: 64 * blocks, maxLength: 64 * blocks }))
const nonces = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

function find(prefix: Uint8Array, target: Uint8Array, from: bigint, count: number): bigint | undefined {
  search.setJob({ prefix, target })
  return search.find(from, count)
}

describe('the midstate', () => {
  test('of nothing is where FIPS 180-4 begins', () => {
    expect([...midstate(new Uint8Array())].map((word) => word.toString(16))).toEqual(
      '6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19'.split(' '),
    )
  })

  test('after the padding of a whole message is its digest: "abc" of FIPS 180-4', () => {
    const block = new Uint8Array(64)
    block.set([0x61, 0x62, 0x63, 0x80])
    block[63] = 24
    expect([...midstate(block)].map((word) => word.toString(16).padStart(8, '0')).join('')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })
})

describe('the search for a nonce', () => {
  test('computes the digest that OpenSSL computes, to the last bit', () => {
    fc.assert(
      fc.property(prefixes, nonces, (prefix, nonce) => {
        const digest = digestOf(prefix, nonce)
        expect(find(prefix, digest, nonce, 1)).toBe(nonce)
        expect(find(prefix, oneLess(digest), nonce, 1)).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  test('does so in each of the four places', () => {
    fc.assert(
      fc.property(prefixes, nonces, fc.nat(20), (prefix, nonce, place) => {
        fc.pre(nonce >= 20n)
        const from = nonce - BigInt(place)
        const digest = digestOf(prefix, nonce)
        const expected = dumbFind({ prefix, target: digest }, from, place + 1)
        expect(find(prefix, digest, from, place + 1)).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('finds the least nonce of a range, or that there is none, for targets of every difficulty', () => {
    const jobs = fc.tuple(prefixes, nonces, fc.nat(40), fc.integer({ min: 0, max: 9 }))
    fc.assert(
      fc.property(jobs, ([prefix, from, count, bits]) => {
        fc.pre(from + BigInt(count) < 2n ** 64n)
        const job = { prefix, target: targetOf(bits) }
        expect(find(prefix, job.target, from, count)).toBe(dumbFind(job, from, count))
      }),
      { numRuns: 2_000 },
    )
  })

  test('walks over thousands of nonces and misses no hit', () => {
    const target = targetOf(8)
    const found: bigint[] = []
    for (let from = 0n; from < 8_000n; ) {
      const nonce = find(PREFIX, target, from, Number(8_000n - from))
      if (nonce !== undefined) found.push(nonce)
      from = (nonce ?? 8_000n) + 1n
    }
    const all = Array.from({ length: 8_000 }, (_, i) => BigInt(i))
    expect(found).toEqual(all.filter((nonce) => digestOf(PREFIX, nonce).compare(target) <= 0))
    expect(found.length).toBeGreaterThan(10)
  })

  test('decides by the lower words when the highest are equal', () => {
    const digest = digestOf(PREFIX, 6n)
    for (let at = 4; at < 32; at++) {
      // Above in this byte and below in all that follow, and the other way round.
      const above = Buffer.concat([digest.subarray(0, at), Buffer.alloc(32 - at)])
      const below = Buffer.concat([digest.subarray(0, at), Buffer.alloc(32 - at, 0xff)])
      expect(find(PREFIX, above, 6n, 1)).toBe(digest.compare(above) <= 0 ? 6n : undefined)
      expect(find(PREFIX, below, 6n, 1)).toBe(6n)
    }
  })

  test('finds the first nonce for the easiest target, and nothing for zero', () => {
    for (const from of [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n + 5n, 2n ** 64n - 1n]) {
      expect(find(PREFIX, EASIEST, from, 9)).toBe(from)
      expect(find(PREFIX, HARDEST, from, 5_000)).toBeUndefined()
    }
    expect(find(PREFIX, EASIEST, 0n, 0)).toBeUndefined()
  })

  test('ends where the range ends', () => {
    const hit = dumbFind({ prefix: PREFIX, target: targetOf(10) }, 0n, 100_000)
    if (hit === undefined) throw new Error('the example has a hit')
    for (let start = hit > 8n ? hit - 8n : 0n; start <= hit; start++) {
      expect(find(PREFIX, targetOf(10), start, Number(hit - start))).toBeUndefined()
      expect(find(PREFIX, targetOf(10), start, Number(hit - start) + 1)).toBe(hit)
    }
  })

  test.each([2n ** 32n, 7n * 2n ** 32n])('goes on over the end of the low half of a nonce, at %s', (end) => {
    const first = dumbFind({ prefix: PREFIX, target: targetOf(7) }, end, 10_000)
    for (const before of [1n, 2n, 3n, 4n, 5n]) {
      const target = digestOf(PREFIX, first ?? 0n)
      const expected = dumbFind({ prefix: PREFIX, target }, end - before, 10_000)
      expect(find(PREFIX, target, end - before, 10_000)).toBe(expected)
    }
  })

  test('begins at 0 again after the last nonce there is', () => {
    const last = 2n ** 64n - 1n
    const lower = [last - 1n, last].map((nonce) => digestOf(PREFIX, nonce)).sort(Buffer.compare)[0] as Buffer
    const first = dumbFind({ prefix: PREFIX, target: oneLess(lower) }, 0n, 100_000) as bigint
    const target = digestOf(PREFIX, first)
    expect(find(PREFIX, target, last - 1n, 2)).toBeUndefined()
    expect(find(PREFIX, target, last - 1n, 2 + Number(first))).toBeUndefined()
    expect(find(PREFIX, target, last - 1n, 3 + Number(first))).toBe(first)
  })

  test('takes bytes from the middle of other memory', () => {
    const around = Buffer.concat([Buffer.alloc(5, 1), PREFIX, targetOf(9), Buffer.alloc(3, 1)])
    const job = { prefix: around.subarray(5, 133), target: around.subarray(133, 165) }
    search.setJob(job)
    expect(search.find(0n, 100_000)).toBe(dumbFind({ prefix: PREFIX, target: targetOf(9) }, 0n, 100_000))
  })

  test('refuses what no job is: a prefix of part of a block, one too long, a short target', () => {
    expect(() => search.setJob({ prefix: new Uint8Array(63), target: EASIEST })).toThrow('63 bytes')
    expect(() => search.setJob({ prefix: new Uint8Array(1_088), target: EASIEST })).toThrow('1088 bytes')
    expect(() => search.setJob({ prefix: PREFIX, target: new Uint8Array(31) })).toThrow('31 bytes')
    expect(() => search.find(0n, 2 ** 31)).toThrow('a search of')
    expect(() => search.find(0n, -1)).toThrow('a search of')
  })
})
