/** Catching up: what is never asked for, never asked again, or asked of the wrong place. */
import type { Bug } from '../bug.ts'

export const SYNC_BUGS: readonly Bug[] = [
  {
    name: 'last-blocks-left-to-gossip',
    why: 'A peer that is a block or two ahead is not asked for headers: gossip is about to bring them.',
    edits: [
      {
        file: 'core/src/machine/sync/header-fetch.ts',
        find: 'state.lookup(claim.head) !== undefined',
        replace: '(state.lookup(claim.head) || claim.height <= state.chain.head.height + 2)',
      },
    ],
    foundBy: ['convergence'],
  },
  {
    name: 'orphan-pool-only',
    why: 'Catching up is left to the pool of blocks whose parent is missing: headers are not asked for.',
    edits: [
      {
        file: 'core/src/machine/sync/header-fetch.ts',
        find: 'if (peer?.claim === undefined) return\n    const { headersPerRequest',
        replace: 'if (peer?.claim === undefined || state.now > 0) return\n    const { headersPerRequest',
      },
      {
        file: 'node/src/exchange/block-gossip.ts',
        find: 'if (this.#isExpected(header)) this.#init.received(checked.value)',
        replace: 'if (this.#isExpected(header) || header) this.#init.received(checked.value)',
      },
    ],
    foundBy: ['convergence'],
  },
  {
    name: 'locator-without-genesis',
    why: 'The locator ends with the last of its steps, which need not be genesis.',
    edits: [
      {
        file: 'core/src/machine/sync/locator.ts',
        find: 'return genesis ? [...hashes, genesis] : hashes',
        replace: 'return hashes',
      },
    ],
    foundBy: ['honest-peers', 'convergence'],
  },
  {
    name: 'lost-question-never-asked-again',
    why: 'A question for bodies that failed leaves its blocks marked as asked for.',
    edits: [
      {
        file: 'core/src/machine/sync/sync-state.ts',
        find: 'for (const item of request.items) item.requestCount -= 1',
        replace: 'for (const item of request.items) if (item.body) item.requestCount -= 1',
      },
    ],
    foundBy: ['convergence', 'no-crash'],
  },
  {
    name: 'doubted-peer-never-trusted-again',
    why: 'A peer whose claim was doubted stays so when it tells its status again.',
    edits: [
      {
        file: 'core/src/machine/sync/claims.ts',
        find: '  peer.isClaimDoubted = false\n',
        replace: '',
      },
    ],
    foundBy: ['convergence'],
    choice: { engine: 'longest-chain', only: ['restart', 'crash', 'loss', 'half'] },
  },
  {
    name: 'status-asked-once',
    why: 'A peer whose answer was lost counts as being asked for ever.',
    edits: [
      {
        file: 'core/src/machine/sync/sync-state.ts',
        find: "if (request.kind === 'status' && peer) peer.isStatusAsked = false",
        replace: '',
      },
    ],
    foundBy: ['convergence'],
  },
  {
    name: 'fork-at-the-final-block-refused',
    why: '`<=` for `<`: a branch on the final block itself is taken for one that leaves below it.',
    edits: [
      {
        file: 'core/src/machine/sync/header-fetch.ts',
        find: "parent.place === 'chain' && parent.header.height < chain.finalHeight",
        replace: "parent.place === 'chain' && parent.header.height <= chain.finalHeight",
      },
    ],
    foundBy: ['convergence'],
  },
  {
    name: 'waiting-blocks-without-a-bound',
    why: 'Blocks that wait for their parent are all kept: there are never many.',
    edits: [
      {
        file: 'core/src/machine/waiting.ts',
        find: 'if (this.#byKey.size <= this.#limits.blocksMax && ',
        replace: 'if (',
      },
    ],
    foundBy: ['caps'],
  },
]
