import { describe, expect, test } from 'vitest'
import type { Block } from '../../src/block/block.ts'
import { keyOf, toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import { appendLeaves, EMPTY_RANGE } from '../../src/log/compact-range.ts'
import {
  type BlockOutcome,
  type ParentView,
  sequenceSpans,
  validateBlockLink,
  validateBlockOnParent,
} from '../../src/validation/block-on-parent.ts'
import { TwinLog } from '../log/twin.ts'
import {
  authors,
  type BlockChoice,
  type Built,
  buildBlock,
  buildChain,
  buildNext,
  builtGenesis,
  crypto,
  producers,
  START,
  stranger,
  testEntry,
  testRules,
  unwrap,
} from '../support/block-builder.ts'

const rules = testRules({ producers, limits: { timeAhead: 60_000 } })
const chainRules = { engine: rules.engine, timeAhead: 60_000 }
const [ann, ben] = authors as [Signer, Signer, Signer, Signer]
const chain = buildChain(rules, builtGenesis(rules), 12, { delayMs: 10 })
const parent = chain[11] as Built
const NOW = START + 10_000

function viewOf({ block, leaves, times, next }: Built): ParentView {
  return {
    header: block.header,
    hash: block.hash,
    times: times.slice(-11),
    range: appendLeaves(EMPTY_RANGE, leaves, crypto),
    nextSequence: (author) => next.get(toHex(author)) ?? 0,
  }
}

function entries(...sequences: number[]) {
  return sequences.map((sequence) => testEntry(rules.ledgerId, ann, sequence))
}

function codeOf(block: Block, now = NOW): string | undefined {
  const outcome = validateBlockOnParent(block, viewOf(parent), chainRules, now, crypto)
  return outcome.ok ? undefined : outcome.error.code
}

/** The right block but for what `choice` says. */
function spoilt(choice: Partial<BlockChoice>): Block {
  return buildBlock(rules, parent, { items: entries(12, 13), ...choice }).block
}

const right = spoilt({})
const median = (parent.times.slice(-11).sort((a, b) => a - b)[5] as number) + 0

describe('a block on its parent', () => {
  test('is accepted when everything is as it must be, and says what the chain is after it', () => {
    const items = [...entries(12), testEntry(rules.ledgerId, ben, 0), ...entries(13)]
    const built = buildBlock(rules, parent, { items })
    const view = viewOf(parent)
    const outcome = unwrap<BlockOutcome>(validateBlockOnParent(built.block, view, chainRules, NOW, crypto))
    expect(outcome.range).toEqual(appendLeaves(EMPTY_RANGE, built.leaves, crypto))
    expect(outcome.spans).toEqual(
      new Map([
        [keyOf(ann.publicKey), { from: 12, to: 14 }],
        [keyOf(ben.publicKey), { from: 0, to: 1 }],
      ]),
    )
    const twin = new TwinLog(built.leaves)
    expect(outcome.nodes.map(({ level, index }) => [level, index])).toEqual([
      [0, 12],
      [0, 13],
      [1, 6],
      [0, 14],
    ])
    for (const { level, index, hash } of outcome.nodes) {
      expect(toHex(hash)).toBe(toHex(twin.root((index + 1) * 2 ** level, index * 2 ** level)))
    }
  })

  const faults: readonly [string, Block, string][] = [
    ['another parent', spoilt({ spoil: ({ body }) => ({ parent: body }) }), 'BLOCK_PARENT_UNKNOWN'],
    ['no parent', rules.genesis, 'BLOCK_PARENT_UNKNOWN'],
    ['a height two above', spoilt({ spoil: ({ height }) => ({ height: height + 1 }) }), 'BLOCK_HEIGHT_WRONG'],
    [
      'the height of its parent',
      spoilt({ spoil: ({ height }) => ({ height: height - 1 }) }),
      'BLOCK_HEIGHT_WRONG',
    ],
    ['a seal', spoilt({ spoil: () => ({ seal: new Uint8Array(1) }) }), 'BLOCK_SEAL_INVALID'],
    ['no entries', spoilt({ items: [] }), 'BLOCK_EMPTY'],
    ['a producer that is not listed', spoilt({ producer: stranger }), 'BLOCK_PRODUCER_NOT_ALLOWED'],
    ['the time of the median', spoilt({ spoil: () => ({ time: median }) }), 'BLOCK_TIME_TOO_EARLY'],
    ['a gap in the sequences', spoilt({ items: entries(12, 14) }), 'BLOCK_SEQUENCE_WRONG'],
    ['a sequence that begins too high', spoilt({ items: entries(13) }), 'BLOCK_SEQUENCE_WRONG'],
    ['a sequence that is on the chain', spoilt({ items: entries(11) }), 'BLOCK_SEQUENCE_WRONG'],
    ['an entry twice', spoilt({ items: entries(12, 12) }), 'BLOCK_SEQUENCE_WRONG'],
    [
      'two rivals for a sequence',
      spoilt({
        items: [...entries(12), testEntry(rules.ledgerId, ann, 12, 1)],
      }),
      'BLOCK_SEQUENCE_WRONG',
    ],
    ['sequences out of order', spoilt({ items: entries(13, 12) }), 'BLOCK_SEQUENCE_WRONG'],
    ['a size too large', spoilt({ spoil: ({ size }) => ({ size: size + 1 }) }), 'BLOCK_LOG_MISMATCH'],
    ['a size too small', spoilt({ spoil: ({ size }) => ({ size: size - 1 }) }), 'BLOCK_LOG_MISMATCH'],
    ['another root', spoilt({ spoil: ({ body }) => ({ root: body }) }), 'BLOCK_LOG_MISMATCH'],
    [
      'the root of its parent',
      spoilt({ spoil: () => ({ root: parent.block.header.root }) }),
      'BLOCK_LOG_MISMATCH',
    ],
    ['a time ahead', spoilt({ spoil: () => ({ time: NOW + 60_001 }) }), 'BLOCK_TIME_AHEAD'],
  ]
  test.each(faults)('is refused with %s', (_, block, code) => {
    expect(codeOf(block)).toBe(code)
  })

  test('is accepted at exactly the edges of time', () => {
    expect(codeOf(spoilt({ spoil: () => ({ time: median + 1 }) }))).toBeUndefined()
    expect(codeOf(spoilt({ spoil: () => ({ time: NOW + 60_000 }) }))).toBeUndefined()
    expect(codeOf(right, right.header.time - 60_000)).toBeUndefined()
    expect(codeOf(right, right.header.time - 60_001)).toBe('BLOCK_TIME_AHEAD')
  })

  test('with a fault that time does not cure is not called early', () => {
    const time = NOW + 60_001
    expect(codeOf(spoilt({ spoil: ({ size }) => ({ time, size: size + 1 }) }))).toBe('BLOCK_LOG_MISMATCH')
    expect(codeOf(spoilt({ items: entries(14), spoil: () => ({ time }) }))).toBe('BLOCK_SEQUENCE_WRONG')
  })

  test('takes its entries in the order in which they are, of several authors at once', () => {
    const view = viewOf(parent)
    const mixed = [
      ...entries(12),
      testEntry(rules.ledgerId, ben, 0),
      ...entries(13),
      testEntry(rules.ledgerId, ben, 1),
    ]
    const spans = sequenceSpans(
      mixed.map(({ entry }) => entry),
      view,
    )
    expect(spans.ok && [...spans.value.values()]).toEqual([
      { from: 12, to: 14 },
      { from: 0, to: 2 },
    ])
    expect(sequenceSpans([], view)).toEqual({ ok: true, value: new Map() })
  })
})

describe('the link of a block to its parent', () => {
  const at = { header: parent.block.header, hash: parent.block.hash }

  test('needs nothing but the header of the parent', () => {
    expect(validateBlockLink(right, at, rules.engine).ok).toBe(true)
    const unchecked = spoilt({ items: entries(99), spoil: ({ body }) => ({ root: body, time: 0, size: 0 }) })
    expect(validateBlockLink(unchecked, at, rules.engine).ok).toBe(true)
  })

  test('is refused with a wrong height, parent or producer', () => {
    const codes = [
      spoilt({ spoil: () => ({ height: 99 }) }),
      spoilt({ spoil: ({ body }) => ({ parent: body }) }),
      buildNext(rules, parent, [0], { producer: stranger }).block,
    ].map((block) => {
      const linked = validateBlockLink(block, at, rules.engine)
      return linked.ok ? undefined : linked.error.code
    })
    expect(codes).toEqual(['BLOCK_HEIGHT_WRONG', 'BLOCK_PARENT_UNKNOWN', 'BLOCK_PRODUCER_NOT_ALLOWED'])
  })
})
