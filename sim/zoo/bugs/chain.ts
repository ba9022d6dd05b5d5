/** Which chain it is, what is final, and what the log says of it. */
import type { Bug } from '../bug.ts'

export const CHAIN_BUGS: readonly Bug[] = [
  {
    name: 'tie-goes-to-the-first',
    why: 'Of two equally long chains a node keeps the one that it saw first.',
    edits: [
      {
        file: 'core/src/consensus/engine.ts',
        find: 'return compareBytes(a.hash, b.hash) < 0',
        replace: 'return false',
      },
    ],
    foundBy: ['best-head', 'convergence'],
  },
  {
    name: 'final-one-block-too-early',
    why: 'The block itself is counted among those that stand on it.',
    edits: [
      {
        file: 'core/src/consensus/longest-chain/longest-chain.ts',
        find: 'finalHeight: (headHeight) => Math.max(0, headHeight - finalDepth),',
        replace: 'finalHeight: (headHeight) => Math.max(0, headHeight - finalDepth + 1),',
      },
    ],
    foundBy: ['final-prefix', 'convergence'],
    choice: { engine: 'longest-chain' },
  },
  {
    name: 'final-one-block-too-late',
    why: 'The head is not counted among the blocks that stand on a final one.',
    edits: [
      {
        file: 'core/src/consensus/longest-chain/longest-chain.ts',
        find: 'finalHeight: (headHeight) => Math.max(0, headHeight - finalDepth),',
        replace: 'finalHeight: (headHeight) => Math.max(0, headHeight - finalDepth - 1),',
      },
    ],
    foundBy: ['final-prefix'],
    choice: { engine: 'longest-chain' },
  },
  {
    name: 'side-branch-compared-once',
    why: 'A branch is compared with the head when it begins; one that comes in two messages is missed.',
    edits: [
      {
        file: 'core/src/machine/ledger.ts',
        find: 'for (const candidate of added) if (isPreferred(candidate, best)) best = candidate',
        replace: `const known = new Set([this.#head, ...added])
    const isNew = ({ parent }: TreeBlock) => parent && known.has(parent)
    for (const candidate of added) if (isNew(candidate) && isPreferred(candidate, best)) best = candidate`,
      },
    ],
    foundBy: ['best-head'],
  },
  {
    name: 'odd-leaf-duplicated',
    why: 'An odd node of the tree is hashed with itself, as in Bitcoin (CVE-2012-2459).',
    edits: [
      {
        file: 'core/src/log/compact-range.ts',
        find: '  for (let i = peaks.length - 2; i >= 0; i--)',
        replace:
          '  if (peaks.length > 1) root = nodeHash(root, root, crypto)\n' +
          '  for (let i = peaks.length - 2; i >= 0; i--)',
      },
    ],
    foundBy: ['proofs'],
  },
  {
    name: 'entry-twice-in-the-log',
    why: 'A block of an odd number of entries is filled up with its last one.',
    edits: [
      {
        file: 'core/src/validation/block-on-parent.ts',
        find: 'const leaves = entries.map((entry) => entry.id)',
        replace: `const leaves = entries.map((entry) => entry.id)
  if (leaves.length > 1 && leaves.length % 2 === 1) leaves.push(leaves.at(-1) as Hash)`,
      },
      {
        file: 'core/src/validation/block-on-parent.ts',
        find: 'const expected = parent.range.size + block.entries.length',
        replace: `const { length } = block.entries
  const expected = parent.range.size + length + (length > 1 && length % 2 === 1 ? 1 : 0)`,
      },
    ],
    foundBy: ['recovery', 'proofs', 'same-state', 'no-crash', 'receipts'],
  },
  {
    name: 'log-not-rebuilt-when-a-branch-comes-back',
    why: 'A stored branch becomes the chain again, and what its blocks complete in the log is not written.',
    edits: [
      {
        file: 'core/src/machine/head-move.ts',
        find: 'growLog(parentOf(link).range, block.entries, context.crypto).nodes',
        replace: 'growLog(parentOf(link).range, [], context.crypto).nodes',
      },
    ],
    foundBy: ['same-state', 'proofs', 'recovery', 'no-crash'],
  },
  {
    name: 'block-just-at-the-median',
    why: 'The time of a new block is the median itself when the clock is behind, and not after it.',
    edits: [
      {
        file: 'core/src/machine/produce.ts',
        find: 'medianTime(parent.times) + 1)',
        replace: 'medianTime(parent.times))',
      },
    ],
    foundBy: ['honest-peers', 'convergence', 'recovery'],
  },
  {
    name: 'store-asked-before-it-has-caught-up',
    why: "An author's sequence is forgotten when the final block passes it, before the store has that.",
    edits: [
      {
        file: 'core/src/machine/block-tree.ts',
        find: '    base.releasedAt = this.#base.header.height\n',
        replace:
          '    base.releasedAt = this.#base.header.height\n    this.#baseSequences.delete(authorKey)\n',
      },
    ],
    foundBy: ['no-crash', 'honest-peers', 'convergence', 'acknowledged', 'recovery'],
    choice: { only: ['slow-disk'], finalDepth: 3 },
  },
]
