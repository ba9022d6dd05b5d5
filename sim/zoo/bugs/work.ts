/**
 * Proof of work: what a block must say, what it weighs, and what the miner is told. Where a rule is wrong in
 * the same way for all, only the `work` checker can tell.
 */
import type { Bug, ZooChoice } from '../bug.ts'

const choice: ZooChoice = { engine: 'proof-of-work' }

export const WORK_BUGS: readonly Bug[] = [
  {
    name: 'nonce-of-an-earlier-job',
    why: 'What the miner found completes the draft of now, whichever it was searched for.',
    edits: [
      {
        file: 'core/src/machine/work.ts',
        find: 'if (job?.id !== jobId || draft === undefined) return undefined',
        replace: 'if (job === undefined || jobId < 0 || draft === undefined) return undefined',
      },
    ],
    foundBy: ['no-crash'],
    choice: { ...choice, only: ['slow-disk'] },
  },
  {
    name: 'work-left-to-the-miner',
    why: 'Nobody checks a nonce: not that of a peer, and not whether it is for the draft of now.',
    edits: [
      {
        file: 'core/src/machine/work.ts',
        find: 'if (job?.id !== jobId || draft === undefined) return undefined',
        replace: 'if (job === undefined || jobId < 0 || draft === undefined) return undefined',
      },
      {
        file: 'core/src/consensus/proof-of-work/proof-of-work.ts',
        find: 'if (isWorkDone(block, seal.subarray(0, 32), this.#crypto)) return ok()',
        replace: 'if (isWorkDone(block, seal.subarray(0, 32), this.#crypto) || target > 0n) return ok()',
      },
    ],
    foundBy: ['work'],
    choice: { ...choice, only: ['slow-disk'] },
  },
  {
    name: 'target-outside-of-the-work',
    why: 'The whole seal is left out of what is hashed, and not the nonce alone.',
    edits: [
      {
        file: 'core/src/consensus/work.ts',
        find: 'prefix.fill(0, end - NONCE_BYTES, end)',
        replace: 'prefix.fill(0, end - header.seal.length, end)',
      },
    ],
    foundBy: ['work'],
    choice,
  },
  {
    name: 'retargeted-one-block-late',
    why: 'A window is taken to begin with the block whose height is a multiple of it.',
    edits: [
      {
        file: 'core/src/consensus/proof-of-work/retarget.ts',
        find: 'if (parent.height % rule.window !== 0) return state',
        replace: 'if (parent.height % rule.window !== 1) return state',
      },
    ],
    foundBy: ['work'],
    choice,
  },
  {
    name: 'draft-keeps-the-target-at-the-edge',
    why: 'Whoever makes a block takes the target of its parent; only whoever checks it knows of windows.',
    edits: [
      {
        file: 'core/src/consensus/proof-of-work/proof-of-work.ts',
        find: 'const state = this.#stateAfter(parent)\n    if (!state.ok || entryCount === 0',
        replace:
          'const state = parent.height === 0 ? this.#stateAfter(parent) : decodeSeal(parent.seal)\n' +
          '    if (!state.ok || entryCount === 0',
      },
    ],
    foundBy: ['no-crash'],
    choice,
  },
  {
    name: 'window-measured-from-its-first-block',
    why: 'The time of a window is taken as in Bitcoin, which is an interval too short.',
    edits: [
      {
        file: 'core/src/consensus/proof-of-work/retarget.ts',
        find: 'if (parent.height % rule.window !== 0) return state',
        replace: `if (parent.height % rule.window === 1) return { ...state, windowTime: parent.time }
  if (parent.height % rule.window !== 0) return state`,
      },
    ],
    foundBy: ['work'],
    choice,
  },
  {
    name: 'easing-without-a-bound',
    why: 'A window that took very long makes the next one as much easier: only the other bound is there.',
    edits: [
      {
        file: 'core/src/consensus/proof-of-work/retarget.ts',
        find: 'clamp(BigInt(elapsedMs) * CLAMP, expected, expected * CLAMP * CLAMP)',
        replace: 'clamp(BigInt(elapsedMs) * CLAMP, expected, 1n << 64n)',
      },
    ],
    foundBy: ['work'],
    choice,
  },
  {
    name: 'time-backwards-counts-as-forwards',
    why: 'Where the end of a window is before its beginning, the time between the two is taken.',
    edits: [
      {
        file: 'core/src/consensus/proof-of-work/retarget.ts',
        find: 'clamp(BigInt(elapsedMs) * CLAMP,',
        replace: 'clamp(BigInt(Math.abs(elapsedMs)) * CLAMP,',
      },
    ],
    foundBy: ['work'],
    choice: { ...choice, only: ['skew'] },
  },
  {
    name: 'retargeted-in-floating-point',
    why: 'The new target is computed in doubles, which have 53 of its 256 bits.',
    edits: [
      {
        file: 'core/src/consensus/proof-of-work/retarget.ts',
        find: '((target + 1n) * measured) / (expected * CLAMP) - 1n',
        replace: 'BigInt(Number(target + 1n) * (Number(measured) / Number(expected * CLAMP))) - 1n',
      },
    ],
    foundBy: ['work'],
    choice,
  },
  {
    name: 'blocks-counted-and-not-their-work',
    why: 'Each block weighs the same, so the chain of most blocks wins over that of most work.',
    edits: [
      {
        file: 'core/src/consensus/proof-of-work/proof-of-work.ts',
        find: 'return decoded.ok ? expectedHashes(decoded.value.target) : 1n',
        replace: 'return decoded.ok ? 1n : 1n',
      },
    ],
    foundBy: ['work', 'best-head'],
    choice,
  },
  {
    name: 'own-block-weighs-what-its-parent-does',
    why: 'The weight of a block that was made here is taken from the header that it stands on.',
    edits: [
      {
        file: 'core/src/machine/ledger.ts',
        find: 'chainWeight(parent.weight, block.header, engine) : verified',
        replace: 'chainWeight(parent.weight, parent.header, engine) : verified',
      },
    ],
    foundBy: ['work', 'best-head', 'convergence'],
    choice,
  },
  {
    name: 'blocks-counted-at-a-start',
    why: 'The weights of the blocks that are read back are added up anew, one for each.',
    edits: [
      {
        file: 'core/src/machine/load.ts',
        find: 'tree.add(block, weight, { ...log, spans: spans.value }, parent)',
        replace: 'tree.add(block, weight && parent.weight + 1n, { ...log, spans: spans.value }, parent)',
      },
    ],
    foundBy: ['work', 'best-head', 'convergence', 'honest-peers'],
    choice,
  },
  {
    name: 'search-goes-on-when-the-head-moves',
    why: 'A draft is exchanged when it is old, and not when the block that it stands on is no head any more.',
    edits: [
      {
        file: 'core/src/machine/work.ts',
        find: 'if (search.headKey !== headKey) return now',
        replace: 'if (search.headKey === undefined) return headKey.length',
      },
    ],
    foundBy: ['work', 'no-crash', 'best-head', 'same-state', 'recovery'],
    choice,
  },
  {
    name: 'one-search-for-each-height',
    why: 'A job for a height that is being searched is taken for the same one, and not begun.',
    edits: [
      {
        file: 'node/src/watched-miner.ts',
        find: 'const found = this.#miner.mine(job)',
        replace: 'const found = isNew ? this.#miner.mine(job) : Promise.resolve(undefined)',
      },
    ],
    foundBy: ['convergence'],
    choice,
  },
  {
    name: 'drafted-entries-leave-pending',
    why: 'What a draft holds is taken out of pending: when the draft is exchanged nobody has it.',
    edits: [
      {
        file: 'core/src/machine/produce.ts',
        find: 'const items = pending.take(limits, parent.nextSequence)\n',
        replace:
          'const items = pending.take(limits, parent.nextSequence)\n' +
          '  for (const { entry } of items) pending.leave(entry.author, entry.sequence)\n',
      },
    ],
    foundBy: ['convergence', 'acknowledged', 'receipts'],
    choice,
  },
]
