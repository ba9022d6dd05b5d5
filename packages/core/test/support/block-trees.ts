import fc from 'fast-check'
import { type Block, medianTime } from '../../src/block/block.ts'
import type { Header } from '../../src/block/header.ts'
import { toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import type { EntryWithPayload } from '../../src/entry/entry.ts'
import {
  authors,
  type Built,
  buildBlock,
  builtGenesis,
  producers,
  type Rules,
  stranger,
  testEntry,
} from './block-builder.ts'

/** What is wrong with a block on its parent, and nothing else is. */
export const FAULTS = [
  'height',
  'time',
  'root',
  'size',
  'gap',
  'repeat',
  'seal',
  'empty',
  'producer',
] as const
export type Fault = (typeof FAULTS)[number]

/** How a block is made from those before it in a list. */
export interface Recipe {
  /** The parent is so many places before the last block made; genesis when that is before the first. */
  readonly back: number
  readonly producer: number
  /** Authors by number; variants of one sequence are rivals when they meet on different branches. */
  readonly entries: readonly { readonly author: number; readonly variant: number }[]
  readonly delayMs: number
  readonly fault: Fault | undefined
}

export interface TreeShape {
  readonly blocksMax: number
  /** Every how many-th block is faulty, about; 0 for none. */
  readonly faultEvery?: number
  readonly backMax?: number
  /** Entries of a block; few of them leave some authors out for a while. */
  readonly entriesMax?: number
}

/** Trees of blocks as recipes: mostly chains of some blocks with forks at random places. */
export function recipes({
  blocksMax,
  faultEvery = 0,
  backMax = 12,
  entriesMax = 3,
}: TreeShape): fc.Arbitrary<Recipe[]> {
  const none = { weight: 6, arbitrary: fc.constant(0) }
  const faulty = { weight: 1, arbitrary: fc.constantFrom<Fault | undefined>(...FAULTS) }
  const sound = { weight: Math.max(1, faultEvery - 1), arbitrary: fc.constant<Fault | undefined>(undefined) }
  const recipe = fc.record({
    back: fc.oneof(none, { weight: 1, arbitrary: fc.nat({ max: backMax }) }),
    producer: fc.nat({ max: producers.length - 1 }),
    entries: fc.array(
      fc.record({ author: fc.nat({ max: authors.length - 1 }), variant: fc.nat({ max: 1 }) }),
      { minLength: 1, maxLength: entriesMax },
    ),
    delayMs: fc.oneof(fc.constant(0), fc.nat({ max: 2_000 })),
    fault: faultEvery > 0 ? fc.oneof(sound, faulty) : fc.constant<Fault | undefined>(undefined),
  })
  return fc.array(recipe, { minLength: 1, maxLength: blocksMax, size: 'max' })
}

/**
 * The blocks of a tree, unsigned, parents before children, without genesis. Blocks on a faulty one are as
 * good as they can be.
 */
export function growTree(rules: Rules, tree: readonly Recipe[]): Block[] {
  const grown: Built[] = [builtGenesis(rules)]
  const blocks = new Map<string, Block>()
  for (const recipe of tree) {
    const parent = grown[Math.max(0, grown.length - 1 - recipe.back)] as Built
    const built = follow(rules, parent, recipe)
    if (blocks.has(toHex(built.block.hash))) continue
    grown.push(built)
    blocks.set(toHex(built.block.hash), built.block)
  }
  return [...blocks.values()]
}

function follow(rules: Rules, parent: Built, { producer, entries, delayMs, fault }: Recipe): Built {
  const next = new Map(parent.next)
  const items: EntryWithPayload[] = entries.map(({ author, variant }, place) => {
    const signer = authors[author] as Signer
    const key = toHex(signer.publicKey)
    const sequence = (next.get(key) ?? 0) + (fault === 'gap' && place === 0 ? 1 : 0)
    next.set(key, sequence + 1)
    return testEntry(rules.ledgerId, signer, sequence, variant)
  })
  if (fault === 'repeat') items.push(items[0] as EntryWithPayload)
  const signer = fault === 'producer' ? stranger : (producers[producer] as Signer)
  const spoil = (header: Header) => spoilt(header, parent, fault)
  return buildBlock(rules, parent, {
    producer: signer,
    items: fault === 'empty' ? [] : items,
    delayMs,
    isUnsigned: true,
    spoil,
  })
}

function spoilt(header: Header, parent: Built, fault: Fault | undefined): Partial<Header> {
  switch (fault) {
    case 'height':
      return { height: header.height + 1 }
    case 'time':
      return { time: medianTime(parent.times.slice(-11)) }
    case 'root':
      return { root: header.body }
    case 'size':
      return { size: header.size + 1 }
    case 'seal':
      return { seal: new Uint8Array([1]) }
    default:
      return {}
  }
}

/** An order of delivery: which of what is left comes next, as often as it says; then the rest in a row. */
export const deliveries = fc.array(fc.nat({ max: 40 }), { maxLength: 40 })

/** All of `items` in the order that `picks` say, some of them twice. */
export function inOrder<T>(items: readonly T[], picks: readonly number[]): T[] {
  const left = [...items]
  const delivered: T[] = []
  for (const pick of picks) {
    const repeated = pick % 5 === 4 ? delivered[pick % Math.max(1, delivered.length)] : undefined
    if (repeated !== undefined) delivered.push(repeated)
    else delivered.push(...left.splice(pick % Math.max(1, left.length), 1))
  }
  return [...delivered, ...left]
}
