/** What is told to peers, and what is held against them. */
import type { Bug } from '../bug.ts'

export const EXCHANGE_BUGS: readonly Bug[] = [
  {
    name: 'status-told-before-durable',
    why: 'A node tells the head that it has in memory, and serves from the disk.',
    edits: [
      {
        file: 'node/src/exchange/server.ts',
        find: "    invariant(head, 'a running node has a head')\n",
        replace: `    invariant(head, 'a running node has a head')
    const { ledger } = this.#init as unknown as ExchangeInit
    if (ledger) {
      const { hash, header, weight } = ledger.head
      return { head: hash, height: header.height, weight }
    }
`,
      },
    ],
    foundBy: ['honest-peers'],
  },
  {
    name: 'headers-served-from-a-side-branch',
    why: 'Any stored block of the locator counts as common, though only the chain leads on from there.',
    edits: [
      {
        file: 'node/src/exchange/server.ts',
        find: 'if (stored?.canonical) last = stored.block',
        replace: 'if (stored) last = stored.block',
      },
    ],
    foundBy: ['honest-peers', 'convergence'],
  },
  {
    name: 'full-pool-is-a-fault',
    why: 'A block that was dropped because there was no room for it is held against whoever sent it.',
    edits: [{ file: 'node/src/exchange/block-gossip.ts', find: "  'BLOCK_WAITING_FULL',\n", replace: '' }],
    foundBy: ['honest-peers'],
  },
  {
    name: 'block-below-final-is-a-fault',
    why: 'A block that leaves the chain below our final one is held against whoever sent it.',
    edits: [
      { file: 'node/src/exchange/block-gossip.ts', find: "  'BLOCK_BELOW_FINAL',\n", replace: '' },
      {
        file: 'node/src/exchange/block-gossip.ts',
        find: "if (header.height <= ledger.finalHeight) return 'ignore'",
        replace: '',
      },
    ],
    foundBy: ['honest-peers'],
    choice: { engine: 'proof-of-work', only: ['clog'] },
  },
  {
    name: 'relayed-before-stored',
    why: 'A block is passed on when the ledger has it in memory: whoever hears of it may ask in vain.',
    edits: [
      {
        file: 'node/src/exchange/block-gossip.ts',
        find: '    if (!ledger.find(hash)) return false\n',
        replace: '    if (!store.head() || ledger.find(hash)) return true\n',
      },
    ],
    foundBy: ['told'],
  },
  {
    name: 'known-entries-condemn-a-batch',
    why: 'A batch of entries of which none is new here is rejected, and held against its sender.',
    edits: [
      {
        file: 'node/src/exchange/entry-gossip.ts',
        find: "if (items.length === 0) return 'ignore'",
        replace: "if (items.length === 0) return { code: 'ENTRY_SEQUENCE_TAKEN', message: 'nothing is new' }",
      },
    ],
    foundBy: ['honest-peers'],
  },
  {
    name: 'status-remembered-by-height',
    why: 'The status is made anew when the height has changed, and not when only the head has.',
    edits: [
      {
        file: 'node/src/exchange/server.ts',
        find: '!equalBytes(this.#status.head, head.hash)',
        replace: 'this.#status.height !== head.height',
      },
    ],
    foundBy: ['honest-peers', 'convergence'],
    choice: { engine: 'proof-of-work' },
  },
  {
    name: 'silence-is-a-fault',
    why: 'A question that was not answered in time counts like an answer that breaks the rules.',
    edits: [
      {
        file: 'node/src/exchange/sync-driver.ts',
        find: "const isFault = error.code === 'PEER_ANSWER_INVALID'",
        replace: "const isFault = error.code.startsWith('PEER_')",
      },
    ],
    foundBy: ['honest-peers'],
  },
]
