/** Checks that are missing: nobody who keeps to the rules would notice, so these need members who do not. */
import type { Bug } from '../bug.ts'

export const HOSTILE_BUGS: readonly Bug[] = [
  {
    name: 'log-root-unchecked',
    why: 'The size of the log is compared with the header, and its root is taken on trust.',
    edits: [
      {
        file: 'core/src/validation/block-on-parent.ts',
        find: 'if (!equalBytes(rangeRoot(grown.range, crypto), root)) {',
        replace: 'if (rangeRoot(grown.range, crypto).length !== root.length) {',
      },
    ],
    foundBy: ['proofs', 'recovery', 'no-crash'],
    choice: { only: ['bad-blocks'] },
  },
  {
    name: 'fetched-entries-unchecked',
    why: 'The signatures in blocks that sync fetched are verified, and nobody looks at what came of it.',
    edits: [
      {
        file: 'node/src/exchange/contents-check.ts',
        find: 'if (!result.ok) return faultOf(',
        replace: 'if (result === undefined) return faultOf(',
      },
      {
        file: 'node/src/exchange/contents-check.ts',
        find: 'items[at] as EntryWithPayload, result.error, crypto)',
        replace: "items[at] as EntryWithPayload, { code: 'ENTRY_INVALID', message: '' }, crypto)",
      },
    ],
    foundBy: ['recovery'],
    choice: { only: ['bad-blocks'] },
  },
  {
    name: 'replayed-entry-accepted',
    why: 'Only gaps are looked for in the sequences of a block, and not whether one of them was used before.',
    edits: [
      {
        file: 'core/src/validation/block-on-parent.ts',
        find: 'if (sequence !== next) {',
        replace: 'if (sequence > next) {',
      },
      {
        file: 'core/src/validation/block-on-parent.ts',
        find: 'spans.set(key, { from, to: next + 1 })',
        replace: 'spans.set(key, { from, to: Math.max(next, sequence + 1) })',
      },
    ],
    foundBy: ['recovery', 'same-state', 'acknowledged', 'no-crash'],
    choice: { only: ['bad-blocks'] },
  },
  {
    name: 'feed-with-a-refused-block-never-over',
    why: 'A feed counts as finished when the ledger has all of its blocks, and one of them was refused.',
    edits: [
      {
        file: 'core/src/machine/sync/sync.ts',
        find: 'state.feeds.delete(event.feed)',
        replace: `if (state.feeds.get(event.feed)?.every(({ header }) => state.chain.find(header.hash))) {
          state.feeds.delete(event.feed)
        }`,
      },
    ],
    foundBy: ['convergence'],
    choice: { only: ['bad-blocks'] },
  },
]
