import { setImmediate } from 'node:timers/promises'
import { type Block, equalBytes, type GenesisDocument, type Hash } from '@pulseledger/core'
import { EntryChecks } from '../entry-checks.ts'
import { readKeyFile } from '../keys/key-file.ts'
import { type LedgerRules, readLedger } from '../open-ledger.ts'
import {
  type Clock,
  type EntryState,
  type NodeCrypto,
  NodeFailure,
  type VerifyOptions,
  type VerifyReport,
} from '../ports.ts'
import { keyPath } from '../store/level/data-directory.ts'
import { LevelStore } from '../store/level/level-store.ts'
import { verifyStore } from '../verify/verify-store.ts'
import type { AccessStatus, Followed, LedgerAccess } from './ledger-access.ts'

export interface OfflineAccessInit {
  readonly directory: string
  readonly crypto: NodeCrypto
  readonly clock: Clock
  /** Compare the checksums of all files before anything is read, however long it takes. */
  readonly checkTables?: boolean
}

/** The ledger of a data directory that no node holds. It is only read, and held until `close`. */
export class OfflineAccess implements LedgerAccess {
  readonly #init: OfflineAccessInit
  readonly #store: LevelStore
  #rules: LedgerRules | undefined

  constructor(init: OfflineAccessInit) {
    const { directory, crypto, clock, checkTables = false } = init
    this.#init = init
    const holder = { pid: process.pid, startedAt: clock.now() }
    this.#store = new LevelStore({ directory, crypto, holder, checkTables })
  }

  /** Rejects with STORE_LOCKED when somebody holds the data directory, and with what else the store finds. */
  async open(): Promise<void> {
    await this.#store.open()
    if (this.#store.head() !== undefined) return
    await this.close()
    throw new NodeFailure('LEDGER_MISSING', `${this.#init.directory} holds no ledger`)
  }

  async document(): Promise<GenesisDocument> {
    return this.#ledger().document
  }

  async status(): Promise<AccessStatus> {
    const { document, ledgerId, engine } = this.#ledger()
    const { height, hash } = this.#head()
    const head = this.#stored(hash, height)
    const { time, size } = head.header
    const seed = await readKeyFile(keyPath(this.#init.directory))
    return {
      ledger: { name: document.name, id: ledgerId, engine: engine.name },
      head: { height, hash, time, size },
      finalHeight: engine.finalHeight(height),
      pendingCount: [...this.#store.pending()].length,
      publicKey: seed && this.#init.crypto.signer(seed).publicKey,
      network: undefined,
      mining: undefined,
      running: undefined,
    }
  }

  async *blocks(from: number, to: number): AsyncGenerator<Block, void> {
    const last = Math.min(to, this.#head().height)
    for (let height = from; height <= last; height++) {
      const hash = this.#store.canonicalHash(height)
      if (!hash) throw new NodeFailure('STORE_DAMAGED', `block ${height} is missing`)
      yield this.#stored(hash, height)
    }
  }

  async block(hash: Hash): Promise<Block | undefined> {
    return this.#store.block(hash)?.block
  }

  async entryState(entryId: Hash): Promise<EntryState> {
    const found = this.#store.entryById(entryId)
    if (!found) {
      const isPending = [...this.#store.pending()].some(({ entry }) => equalBytes(entry.id, entryId))
      return { kind: isPending ? 'pending' : 'unknown' }
    }
    const { height, index } = found
    const blockHash = this.#store.canonicalHash(height)
    if (!blockHash) throw new NodeFailure('STORE_DAMAGED', `block ${height} is missing`)
    const head = this.#head().height
    const kind = height <= this.#ledger().engine.finalHeight(head) ? 'final' : 'included'
    return { kind, receipt: { entryId, height, blockHash, index }, depth: head - height }
  }

  async *follow(from: number): AsyncGenerator<Followed, void> {
    for await (const block of this.blocks(from, Number.MAX_SAFE_INTEGER)) yield { kind: 'block', block }
    const message = `no node runs on ${this.#init.directory}, so there is nothing to follow`
    throw new NodeFailure('NODE_NOT_RUNNING', message)
  }

  async verify(options: VerifyOptions): Promise<VerifyReport> {
    const { crypto, clock } = this.#init
    const checks = new EntryChecks(crypto)
    try {
      return await verifyStore(this.#store, {
        ...options,
        crypto,
        clock,
        pause: () => setImmediate(),
        checkEntries: (ledgerId, items) => checks.check(ledgerId, items),
      })
    } finally {
      await checks.stop()
    }
  }

  async close(): Promise<void> {
    await this.#store.close()
  }

  #ledger(): LedgerRules {
    this.#rules ??= readLedger(this.#store, this.#init.crypto)
    return this.#rules
  }

  #head(): { readonly height: number; readonly hash: Hash } {
    const head = this.#store.head()
    if (head) return head
    throw new NodeFailure('LEDGER_MISSING', `${this.#init.directory} holds no ledger`)
  }

  #stored(hash: Hash, height: number): Block {
    const stored = this.#store.block(hash)
    if (stored) return stored.block
    throw new NodeFailure('STORE_DAMAGED', `block ${height} is missing`)
  }
}
