/** What is told or forgotten at the wrong moment: before it is durable, after the disk failed, at a start. */
import type { Bug } from '../bug.ts'

export const DURABILITY_BUGS: readonly Bug[] = [
  {
    name: 'acknowledged-before-durable',
    why: 'The runner does not await the commit, since it is slow.',
    edits: [
      {
        file: 'node/src/runner.ts',
        find: 'await this.#init.store.commit(change)',
        replace: 'this.#init.store.commit(change).catch((error) => this.fail(error))',
      },
    ],
    foundBy: ['acknowledged', 'told'],
  },
  {
    name: 'notified-before-persisted',
    why: 'The effects of a step are put in the wrong order: people are told first.',
    edits: [
      {
        file: 'core/src/machine/step.ts',
        find: `  if (persist) effects.push({ kind: 'persist', ...persist })
  if (block) effects.push({ kind: 'publish-block', block })
  if (entries.length > 0) effects.push({ kind: 'publish-entries', items: entries })
  if (notices.length > 0) effects.push({ kind: 'notify', notices })`,
        replace: `  if (notices.length > 0) effects.push({ kind: 'notify', notices })
  if (persist) effects.push({ kind: 'persist', ...persist })
  if (block) effects.push({ kind: 'publish-block', block })
  if (entries.length > 0) effects.push({ kind: 'publish-entries', items: entries })`,
      },
    ],
    foundBy: ['acknowledged'],
  },
  {
    name: 'published-before-persisted',
    why: 'A block that was made here is on its way to the peers while it is being written.',
    edits: [
      {
        file: 'core/src/machine/step.ts',
        find: `  if (persist) effects.push({ kind: 'persist', ...persist })
  if (block) effects.push({ kind: 'publish-block', block })`,
        replace: `  if (block) effects.push({ kind: 'publish-block', block })
  if (persist) effects.push({ kind: 'persist', ...persist })`,
      },
    ],
    foundBy: ['told'],
  },
  {
    name: 'pending-forgotten-at-start',
    why: 'What was accepted and waited for a block is not read back when the node starts.',
    edits: [
      {
        file: 'core/src/machine/load.ts',
        find: 'new Ledger(config, tree, stored, reader.pending())',
        replace: 'new Ledger(config, tree, stored, [])',
      },
    ],
    foundBy: ['acknowledged', 'convergence'],
  },
  {
    name: 'side-branches-forgotten-at-start',
    why: 'Only the canonical chain is read back, since the rest can be fetched again.',
    edits: [
      {
        file: 'core/src/machine/load.ts',
        find: 'if (!parent) continue // a branch that left below the final block',
        replace: 'if (!parent || !reader.block(block.hash)?.canonical) continue',
      },
    ],
    foundBy: ['best-head', 'convergence'],
  },
  {
    name: 'sequences-of-head-taken-for-those-of-base',
    why: 'At a start the store is asked for the sequences at the base, and it knows those at the head.',
    edits: [
      {
        file: 'core/src/machine/load.ts',
        find: 'tree.knowSequence(keyOf(author), sequence)',
        replace: 'void [author, sequence]',
      },
    ],
    foundBy: ['no-crash'],
  },
  {
    name: 'times-read-back-in-the-wrong-order',
    why: 'The times for the median are collected from the newest to the oldest, and not turned round.',
    edits: [
      {
        file: 'core/src/machine/load.ts',
        find: 'times.unshift(parent.block.header.time)',
        replace: 'times.push(parent.block.header.time)',
      },
    ],
    foundBy: ['honest-peers', 'convergence', 'recovery'],
  },
  {
    name: 'goes-on-after-io-error',
    why: 'The runner remembers its failure but does not look at it when the next event comes.',
    edits: [
      {
        file: 'node/src/runner.ts',
        find: `  dispatch(event: LedgerEvent, onDone?: () => void): void {
    if (this.#failure) return`,
        replace: '  dispatch(event: LedgerEvent, onDone?: () => void): void {',
      },
    ],
    foundBy: ['after-failure'],
    choice: { nodes: 2, only: ['disk-full', 'sync-error'], readingGapMs: 250 },
  },
  {
    name: 'failed-commit-swallowed',
    why: 'A failed commit is logged, and the node goes on as if it had been written.',
    edits: [
      {
        file: 'node/src/runner.ts',
        find: 'await this.#init.store.commit(change)',
        replace: 'await this.#init.store.commit(change).catch(() => undefined)',
      },
    ],
    foundBy: ['after-failure', 'acknowledged'],
  },
  {
    name: 'commit-resolves-before-durable',
    why: 'The store says that a change is written as soon as it is in line.',
    edits: [
      {
        file: 'node/src/store/memory/memory-store.ts',
        find: '    return commit\n',
        replace: '    return this.#beforeCommit ? Promise.resolve() : commit\n',
      },
    ],
    foundBy: ['acknowledged', 'best-head', 'told'],
  },
  {
    name: 'batch-not-atomic',
    why: 'The index of pending entries is written after the chain, in a batch of its own.',
    edits: [
      {
        file: 'node/src/store/memory/memory-store.ts',
        find: '      this.#apply(change)\n',
        replace: `      this.#apply({ ...change, pendingAdd: [], pendingRemove: [] })
      await this.#beforeCommit?.(change)
      this.#apply({ ...change, blocks: [], disconnect: [], connect: [] })
`,
      },
    ],
    foundBy: ['acknowledged', 'recovery'],
  },
  {
    name: 'first-durable-change-settles-all',
    why: 'When one change is durable the bytes of all that are being written are let go of.',
    edits: [
      {
        file: 'core/src/machine/unsettled.ts',
        find: 'first && first.token <= token;',
        replace: 'first && token > 0;',
      },
    ],
    foundBy: ['no-crash'],
  },
  {
    name: 'later-effects-overtake',
    why: 'What a step wants done is put at the front of the line, so that nobody waits for it.',
    edits: [
      {
        file: 'node/src/runner.ts',
        find: 'this.#queue.push(...this.#init.ledger.step(event, this.#init.clock.now()))',
        replace: 'this.#queue.unshift(...this.#init.ledger.step(event, this.#init.clock.now()))',
      },
    ],
    foundBy: ['no-crash', 'acknowledged'],
  },
]
