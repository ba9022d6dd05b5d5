/** What whoever submits a reading is told of it, and whether. */
import type { Bug } from '../bug.ts'

export const ANSWER_BUGS: readonly Bug[] = [
  {
    name: 'receipt-of-another-place',
    why: 'Entries of a block are counted from one, so a receipt says the place of the next one.',
    edits: [
      {
        file: 'core/src/machine/head-move.ts',
        find: 'index: firstIndex + i,',
        replace: 'index: firstIndex + i + 1,',
      },
    ],
    foundBy: ['receipts'],
  },
  {
    name: 'second-submitter-unanswered',
    why: 'Whoever submits an entry that waits already is not put down as one who waits for it.',
    edits: [
      {
        file: 'core/src/machine/pending.ts',
        find: 'if (origin.tickets) known.tickets.push(...origin.tickets)',
        replace: 'if (origin.tickets && known.tickets.length === 0) known.isOurs ||= false',
      },
    ],
    foundBy: ['receipts'],
  },
  {
    name: 'held-readings-dropped',
    why: 'Of the readings that were held while the node was behind the first one is signed.',
    edits: [
      {
        file: 'core/src/machine/ledger.ts',
        find: 'for (const held of this.#held.splice(0)) this.#sign(held, step)',
        replace: 'for (const held of this.#held.splice(0).slice(0, 1)) this.#sign(held, step)',
      },
    ],
    foundBy: ['receipts'],
  },
  {
    name: 'moved-receipt-kept-to-itself',
    why: 'Whoever was told of a place is not told of the new one, since the entry is on the chain again.',
    edits: [
      {
        file: 'core/src/machine/head-move.ts',
        find: "if (isMoved) notices.push({ kind: 'receipt-moved', ...place })",
        replace: '',
      },
    ],
    foundBy: ['receipts'],
  },
]
