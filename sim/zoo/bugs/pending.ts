/** Entries that wait for a block: lost, kept for ever, or taken in the wrong order. */
import type { Bug } from '../bug.ts'

export const PENDING_BUGS: readonly Bug[] = [
  {
    name: 'entries-lost-in-reorg',
    why: 'Nobody thought of the entries of blocks that lose their place.',
    edits: [
      {
        file: 'core/src/machine/head-move.ts',
        find: 'const orphaned = disconnect.toReversed().flatMap(({ block }) => entriesOf(block))',
        replace: 'const orphaned = disconnect.slice(0, 0).flatMap(({ block }) => entriesOf(block))',
      },
    ],
    foundBy: ['acknowledged'],
  },
  {
    name: 'orphaned-entries-only-in-memory',
    why: 'Entries of a block that lost its place return to pending in memory alone: a crash loses them.',
    edits: [
      {
        file: 'core/src/machine/head-move.ts',
        find: 'pendingAdd: restored.added,',
        replace: 'pendingAdd: [],',
      },
    ],
    foundBy: ['acknowledged', 'told'],
  },
  {
    name: 'orphaned-entries-only-on-disk',
    why: 'Entries of a block that lost its place are stored as pending, and not known until a restart.',
    edits: [
      {
        file: 'core/src/machine/head-move.ts',
        find: 'if (lost.length > 0) pending.rebase(nextOnChain)',
        replace:
          'for (const { entry } of restored.added) pending.leave(entry.author, entry.sequence)\n' +
          '  if (lost.length > 0) pending.rebase(nextOnChain)',
      },
    ],
    foundBy: ['convergence', 'acknowledged'],
  },
  {
    name: 'restored-entries-not-marked-as-stored',
    why: 'An entry that came back is stored, and nobody removes it there when it is on the chain again.',
    edits: [
      {
        file: 'core/src/machine/pending.ts',
        find: '      restored.isStored = true\n',
        replace: '',
      },
    ],
    foundBy: ['convergence', 'recovery'],
  },
  {
    name: 'gaps-in-sequences',
    why: 'An entry that is not too early is taken to be the next of its author, here and in the validation.',
    edits: [
      {
        file: 'core/src/validation/block-on-parent.ts',
        find: 'if (sequence !== next) {',
        replace: 'if (sequence < next) {',
      },
      {
        file: 'core/src/validation/block-on-parent.ts',
        find: 'spans.set(key, { from, to: next + 1 })',
        replace: 'spans.set(key, { from, to: sequence + 1 })',
      },
      {
        file: 'core/src/machine/pending.ts',
        find: 'if (item.entry.sequence !== next) continue',
        replace: 'if (item.entry.sequence < next) continue',
      },
      {
        file: 'core/src/machine/pending.ts',
        find: 'expected.set(item.authorKey, next + 1)',
        replace: 'expected.set(item.authorKey, item.entry.sequence + 1)',
      },
    ],
    foundBy: ['recovery', 'same-state', 'acknowledged', 'no-crash'],
  },
  {
    name: 'pending-cap-off-by-one',
    why: '`>` for `>=`: one entry more than is allowed.',
    edits: [
      {
        file: 'core/src/machine/pending.ts',
        find: 'if (this.#line.size >= this.#limits.entriesMax * share) {',
        replace: 'if (this.#line.size > this.#limits.entriesMax * share) {',
      },
    ],
    foundBy: ['caps'],
  },
  {
    name: 'pending-only-cleared-by-own-blocks',
    why: 'Entries leave pending when this node puts them into a block, and not when somebody else did.',
    edits: [
      {
        file: 'core/src/machine/head-move.ts',
        find: 'const item = pending.leave(entry.author, entry.sequence)',
        replace:
          'const isOwn = keyOf(block.header.producer) === ownKey\n' +
          '    const item = isOwn ? pending.leave(entry.author, entry.sequence) : undefined',
      },
      {
        file: 'core/src/machine/head-move.ts',
        find: '{ pending, receipts }: HeadMoveContext,\n  notices',
        replace: '{ pending, receipts, ownKey }: HeadMoveContext,\n  notices',
      },
    ],
    foundBy: ['convergence'],
  },
  {
    name: 'orphaned-entries-measured-by-the-old-head',
    why: 'Which entries come back is decided by the sequences of the chain that was left: it has them all.',
    edits: [
      {
        file: 'core/src/machine/head-move.ts',
        find: 'tree.nextSequence(to, author, key)',
        replace: 'tree.nextSequence(from, author, key)',
      },
    ],
    foundBy: ['acknowledged'],
  },
  {
    name: 'orphaned-entries-refused-when-full',
    why: 'Entries of a block that lost its place are let in only as long as there is room for new ones.',
    edits: [
      {
        file: 'core/src/machine/pending.ts',
        find: 'if (this.#line.has(key) || entry.sequence < onChain) continue',
        replace:
          'if (this.#line.has(key) || entry.sequence < onChain || !this.#checkRoom(item, true).ok) continue',
      },
    ],
    foundBy: ['acknowledged', 'convergence'],
  },
]
