/**
 * Ed25519 signatures on which libraries differ, made by arithmetic: each is a combination that a decent
 * signer never makes. The first twelve are the cases of Chalkias, Garillot and Nikolaenko, "Taming the Many
 * EdDSAs" (2020), table 5, built anew from its description: other keys and messages, the same conditions.
 *
 * Everything follows from fixed labels, so the file in testdata/vectors/ can be made again, byte for byte.
 */
import { createHash } from 'node:crypto'
import { toHex } from '../../src/bytes.ts'
import {
  add,
  BASE,
  challenge,
  decodePoint,
  encodePoint,
  fromLittleEndian,
  holdsWithCofactor,
  judge,
  L,
  littleEndian,
  multiply,
  NON_CANONICAL_LARGE_ORDER,
  NON_CANONICAL_SMALL_ORDER,
  type Point,
  TORSION,
  type Verdict,
} from './edwards.ts'

export interface EdgeCase {
  readonly name: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
  /** By the rule of the ledger. */
  readonly verdict: Verdict
}

/** What a case is made of. Unless said otherwise A = [a]B and R = [r]B for numbers that the name gives. */
interface Recipe {
  readonly name: string
  readonly verdict: Verdict
  /** Whether [8][S]B = [8]R + [8][k]A, for the bytes as they are sent: false unless it is said. */
  readonly withCofactor?: boolean
  /** Multiple of the point of order 8 that is added to A or R. */
  readonly aTorsion?: number
  readonly rTorsion?: number
  /** A or R has no part of large order. */
  readonly aIsSmall?: boolean
  readonly rIsSmall?: boolean
  /** Other bytes for the same point: what is sent, and what k is computed from. */
  readonly aBytes?: Uint8Array
  readonly rBytes?: Uint8Array
  readonly hashed?: 'as sent' | 'canonical'
  /** What the message must achieve. */
  readonly when?: (k: bigint) => boolean
  /** Multiples of L added to S. */
  readonly lTimes?: bigint
  /** Instead of r + k a. */
  readonly s?: bigint
}

function scalar(label: string): bigint {
  return fromLittleEndian(createHash('sha512').update(label).digest()) % L
}

function make(recipe: Recipe): EdgeCase {
  const a = recipe.aIsSmall ? 0n : scalar(`a of ${recipe.name}`)
  const r = recipe.rIsSmall ? 0n : scalar(`r of ${recipe.name}`)
  const aCanonical = encodePoint(add(multiply(a, BASE), TORSION[recipe.aTorsion ?? 0] as Point))
  const rCanonical = encodePoint(add(multiply(r, BASE), TORSION[recipe.rTorsion ?? 0] as Point))
  const publicKey = recipe.aBytes ?? aCanonical
  const rSent = recipe.rBytes ?? rCanonical
  const [aHashed, rHashed] = recipe.hashed === 'canonical' ? [aCanonical, rCanonical] : [publicKey, rSent]
  const { message, k } = findMessage((text) => challenge(rHashed, aHashed, text), recipe.when)
  const s = recipe.s ?? ((r + (k % L) * a) % L) + (recipe.lTimes ?? 0n) * L
  const signature = new Uint8Array([...rSent, ...littleEndian(s)])

  const verdict = judge(publicKey, message, signature)
  const withCofactor = holdsWithCofactor(publicKey, k % L, signature)
  if (verdict !== recipe.verdict || withCofactor !== (recipe.withCofactor ?? false)) {
    throw new Error(`${recipe.name}: ${verdict}, with cofactor ${withCofactor}`)
  }
  const [name, hex] = [recipe.name, { publicKey: toHex(publicKey), message: toHex(message) }]
  return { name, ...hex, signature: toHex(signature), verdict }
}

/** The first of the texts 0, 1, 2, ... whose challenge is as it must be. */
function findMessage(challengeOf: (text: Uint8Array) => bigint, when: (k: bigint) => boolean = () => true) {
  for (let i = 0; ; i++) {
    const message = new TextEncoder().encode(`${i}`)
    const k = challengeOf(message)
    if (when(k)) return { message, k }
  }
}

/** Whether [k]A + R has no part of small order, k reduced as every library does it before it multiplies. */
const cancels = (aTorsion: number, rTorsion: number) => (k: bigint) =>
  ((k % L) * BigInt(aTorsion) + BigInt(rTorsion)) % 8n === 0n
const not = (condition: (k: bigint) => boolean) => (k: bigint) => !condition(k)

/** -0: the sign of x = 0 is set. Second of its kind: the point of order 2. */
const MINUS_ZERO_ORDER_2 = NON_CANONICAL_SMALL_ORDER[1] as Uint8Array

/** Points with a part of small order, canonically encoded. */
function paperCases0To5(): Recipe[] {
  const held = { withCofactor: true }
  const smallA = { aIsSmall: true, aTorsion: 1 }
  const smallR = { rIsSmall: true, rTorsion: 3 }
  return [
    {
      name: 'paper 0: A and R small, S = 0',
      verdict: 'A of small order',
      ...held,
      ...smallA,
      ...smallR,
      when: cancels(1, 3),
    },
    {
      name: 'paper 1: A small, R mixed',
      verdict: 'A of small order',
      ...held,
      ...smallA,
      rTorsion: 5,
      when: cancels(1, 5),
    },
    {
      name: 'paper 2: A mixed, R small',
      verdict: 'R of small order',
      ...held,
      aTorsion: 1,
      ...smallR,
      when: cancels(1, 3),
    },
    {
      name: 'paper 3: A and R mixed, holds without cofactor',
      verdict: 'valid',
      ...held,
      aTorsion: 1,
      rTorsion: 5,
      when: cancels(1, 5),
    },
    {
      name: 'paper 4: A and R mixed, holds only with cofactor',
      verdict: 'equation',
      ...held,
      aTorsion: 1,
      rTorsion: 5,
      when: not(cancels(1, 5)),
    },
    {
      name: 'paper 5: A mixed, R of order L, holds only with cofactor and [8]([k]A), not [8k mod L]A',
      verdict: 'equation',
      ...held,
      aTorsion: 1,
      when: (k) => not(cancels(1, 0))(k) && ((8n * k) % L) % 8n !== 0n,
    },
  ]
}

/** S that is too large, and points that are not canonically encoded. */
function paperCases6To11(): Recipe[] {
  const held = { withCofactor: true }
  const oddR = { rIsSmall: true, rTorsion: 4, rBytes: MINUS_ZERO_ORDER_2 }
  const oddA = { aIsSmall: true, aTorsion: 4, aBytes: MINUS_ZERO_ORDER_2 }
  return [
    { name: 'paper 6: S + L', verdict: 'S not below L', ...held, lTimes: 1n },
    { name: 'paper 7: S + 14 L, above 2^255', verdict: 'S not below L', ...held, lTimes: 14n },
    {
      name: 'paper 8: R not canonical, hashed in its canonical form',
      verdict: 'R not canonical',
      ...held,
      aTorsion: 1,
      ...oddR,
      hashed: 'canonical',
      when: cancels(1, 4),
    },
    {
      name: 'paper 9: R not canonical, hashed as sent',
      verdict: 'R not canonical',
      ...held,
      aTorsion: 1,
      ...oddR,
      when: cancels(1, 4),
    },
    {
      name: 'paper 10: A not canonical, hashed in its canonical form',
      verdict: 'A not canonical',
      ...held,
      ...oddA,
      rTorsion: 4,
      hashed: 'canonical',
      when: cancels(4, 4),
    },
    {
      name: 'paper 11: A not canonical, hashed as sent',
      verdict: 'A not canonical',
      ...held,
      ...oddA,
      rTorsion: 4,
      when: cancels(4, 4),
    },
  ]
}

/** A and R of mixed order are not refused: for them, the equation alone decides. */
function mixedOrderCases(): Recipe[] {
  const recipes: Recipe[] = [{ name: 'plain', verdict: 'valid', withCofactor: true }]
  for (let torsion = 1; torsion < 8; torsion++) {
    const with8 = { withCofactor: true, aTorsion: torsion }
    const r = (8 - torsion) % 8
    recipes.push(
      { name: `A + ${torsion}T, [k]T is nothing`, verdict: 'valid', ...with8, when: cancels(torsion, 0) },
      {
        name: `A + ${torsion}T, [k]T is something`,
        verdict: 'equation',
        ...with8,
        when: not(cancels(torsion, 0)),
      },
      {
        name: `A + ${torsion}T, R + ${r}T, cancels`,
        verdict: 'valid',
        ...with8,
        rTorsion: r,
        when: cancels(torsion, r),
      },
      { name: `R + ${torsion}T`, verdict: 'equation', withCofactor: true, rTorsion: torsion },
    )
  }
  const reduced = cancels(1, 0)
  const unreduced = (k: bigint) => k % 8n === 0n
  const mixed = { withCofactor: true, aTorsion: 1 }
  return [
    ...recipes,
    {
      name: 'holds only if k is reduced by L',
      verdict: 'valid',
      ...mixed,
      when: (k) => reduced(k) && !unreduced(k),
    },
    {
      name: 'holds only if k is not reduced',
      verdict: 'equation',
      ...mixed,
      when: (k) => !reduced(k) && unreduced(k),
    },
  ]
}

interface SmallPoint {
  readonly bytes: Uint8Array
  readonly torsion: number
  readonly canonical: boolean
}

/** All fourteen encodings of the eight points. */
const SMALL_POINTS: readonly SmallPoint[] = [
  ...TORSION.map((point, torsion) => ({ bytes: encodePoint(point), torsion, canonical: true })),
  ...NON_CANONICAL_SMALL_ORDER.map((bytes) => {
    const point = decodePoint(bytes)
    return {
      bytes,
      torsion: TORSION.findIndex((it) => it.x === point?.x && it.y === point.y),
      canonical: false,
    }
  }),
]

function verdictOn(which: 'A' | 'R', point: SmallPoint): Verdict {
  return point.canonical ? `${which} of small order` : `${which} not canonical`
}

function smallOrderCases(): Recipe[] {
  const recipes: Recipe[] = []
  for (const [i, a] of SMALL_POINTS.entries()) {
    const withA = { withCofactor: true, aIsSmall: true, aTorsion: a.torsion, aBytes: a.bytes }
    recipes.push({
      name: `small A ${i}, R of order L, holds`,
      verdict: verdictOn('A', a),
      ...withA,
      when: cancels(a.torsion, 0),
    })
    recipes.push({
      name: `A of order L, small R ${i}`,
      verdict: verdictOn('R', a),
      withCofactor: true,
      rIsSmall: true,
      rTorsion: a.torsion,
      rBytes: a.bytes,
    })
    for (const [j, r] of SMALL_POINTS.entries()) {
      // The judge looks whether both are canonical before it looks at their orders.
      const verdict = !a.canonical || r.canonical ? verdictOn('A', a) : verdictOn('R', r)
      const withR = { rIsSmall: true, rTorsion: r.torsion, rBytes: r.bytes }
      recipes.push({ name: `small A ${i}, small R ${j}, S = 0`, verdict, ...withA, ...withR })
    }
  }
  return recipes
}

function malformedCases(): Recipe[] {
  const notAPoint = [2n, 2n ** 255n - 20n - 2n ** 200n, 2n ** 254n].flatMap((start) => firstNonPoint(start))
  return [
    ...notAPoint.flatMap((bytes, i): Recipe[] => [
      { name: `A is not a point ${i}`, verdict: 'A not a point', aBytes: bytes },
      { name: `R is not a point ${i}`, verdict: 'R not a point', rBytes: bytes },
    ]),
    ...NON_CANONICAL_LARGE_ORDER.flatMap((bytes, i): Recipe[] => [
      { name: `A not canonical, of large order ${i}`, verdict: 'A not canonical', aBytes: bytes },
      { name: `R not canonical, of large order ${i}`, verdict: 'R not canonical', rBytes: bytes },
    ]),
    ...Array.from({ length: 12 }, (_, i): Recipe => {
      const lTimes = BigInt(i + 2)
      return { name: `S + ${lTimes} L`, verdict: 'S not below L', withCofactor: true, lTimes }
    }),
    { name: 'S = 0', verdict: 'equation', s: 0n },
    { name: 'S = L - 1', verdict: 'equation', s: L - 1n },
    { name: 'S = L', verdict: 'S not below L', s: L },
    { name: 'S = 2^252', verdict: 'equation', s: 2n ** 252n },
    { name: 'S = 2^253 - 1', verdict: 'S not below L', s: 2n ** 253n - 1n },
    { name: 'S = 2^256 - 1', verdict: 'S not below L', s: 2n ** 256n - 1n },
  ]
}

function firstNonPoint(start: bigint): Uint8Array[] {
  for (let y = start; ; y++) {
    const bytes = littleEndian(y)
    if (decodePoint(bytes) === undefined) return [bytes, littleEndian(y | (1n << 255n))]
  }
}

export function edgeCases(): EdgeCase[] {
  return [
    ...paperCases0To5(),
    ...paperCases6To11(),
    ...mixedOrderCases(),
    ...smallOrderCases(),
    ...malformedCases(),
  ].map(make)
}
