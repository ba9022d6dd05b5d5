import { hash } from 'node:crypto'
import {
  type Block,
  checkReading,
  DEFAULT_MEASURE,
  defaultGenesis,
  encodePayload,
  type Failure,
  type GenesisDocument,
  type Hash,
  ok,
  type Result,
  toHex,
} from '@pulseledger/core'
import type {
  Clock,
  EntryState,
  MiningStatus,
  NetworkStatus,
  NewReading,
  NodeEvent,
  NodeService,
  PeerView,
  Receipt,
  Status,
  VerifyReport,
} from '../../src/ports.ts'

const TEMPERATURE = {
  name: 'temperature',
  label: 'Temperature',
  unit: 'Cel',
  minimum: 30,
  maximum: 45,
  decimals: 1,
}

const digest = (text: string): Hash => new Uint8Array(hash('sha256', text, 'buffer'))

interface Waiting {
  readonly reading: NewReading
  readonly resolve: (result: Result<Receipt>) => void
  readonly reject: (error: Error) => void
}

/**
 * A node in memory: blocks with made-up hashes that depend on the height alone, no signatures, no consensus.
 * By default each reading becomes a block of its own in the next turn of the event loop; `hold()` keeps them
 * waiting until `commit()`.
 */
export class FakeNode implements NodeService {
  readonly document: GenesisDocument = defaultGenesis({
    name: 'ward',
    time: Date.parse('2026-11-22T11:16:30Z'),
    salt: new Uint8Array(16),
    measures: [DEFAULT_MEASURE, TEMPERATURE],
  })
  readonly chain: Block[] = []
  readonly submitted: NewReading[] = []
  /** Given to `verify`; the test settles it. Undefined: it succeeds at once. */
  verification: ((signal: AbortSignal | undefined) => Promise<VerifyReport>) | undefined
  verifyCount = 0
  /** Blocks that were read: what a broadcast or a command costs. */
  readCount = 0
  /** What every submission is refused with. */
  refusal: Failure | undefined
  /** What the node says of its network and of entries, by hexadecimal id. */
  network: NetworkStatus | undefined
  mining: MiningStatus | undefined
  peerViews: PeerView[] = []
  inviteWord: string | undefined
  readonly entryStates = new Map<string, EntryState>()
  readonly #clock: Clock
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  #waiting: Waiting[] = []
  #held = false
  #scheduled = false
  #size = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.chain.push(this.#block([], this.document.time))
  }

  get ledgerId(): Hash {
    return (this.chain[0] as Block).hash
  }

  get listenerCount(): number {
    return this.#listeners.size
  }

  submit(reading: NewReading): Promise<Result<Receipt>> {
    this.submitted.push(reading)
    if (this.refusal !== undefined) return Promise.resolve({ ok: false, error: this.refusal })
    const checked = checkReading(this.document, reading.measure, reading.value)
    if (!checked.ok) return Promise.resolve(checked)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ reading, resolve, reject })
      if (this.#held || this.#scheduled) return
      this.#scheduled = true
      setImmediate(() => this.commitEach())
    })
  }

  /** What `submit` answers, at once: a reading that is allowed is a block of its own. */
  accept(reading: NewReading): Result<Receipt> {
    this.submitted.push(reading)
    if (this.refusal !== undefined) return { ok: false, error: this.refusal }
    const checked = checkReading(this.document, reading.measure, reading.value)
    return checked.ok ? ok(receiptOf(this.add([reading]), 0)) : checked
  }

  hold(): void {
    this.#held = true
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  /** The first `count` waiting readings become one block. */
  commit(count = Number.POSITIVE_INFINITY): void {
    this.#scheduled = false
    const batch = this.#waiting.splice(0, count)
    if (batch.length === 0) return
    const block = this.add(batch.map(({ reading }) => reading))
    for (const [index, { resolve }] of batch.entries()) resolve(ok(receiptOf(block, index)))
  }

  /** Every waiting reading becomes a block. */
  commitEach(): void {
    this.#scheduled = false
    while (this.#waiting.length > 0) this.commit(1)
  }

  /** Every waiting reading is never heard of again. */
  crash(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the disk is gone'))
  }

  /** A block that another terminal caused. */
  add(readings: readonly NewReading[]): Block {
    const block = this.#block(readings, this.#clock.now())
    this.chain.push(block)
    this.emit({ kind: 'block-connected', block })
    return block
  }

  emit(event: NodeEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  status(): Status {
    const { header, hash: headHash } = this.chain.at(-1) as Block
    return {
      ledger: { name: this.document.name, id: this.ledgerId, engine: this.document.engine.name },
      head: { height: header.height, hash: headHash, time: header.time, size: header.size },
      finalHeight: Math.max(0, header.height - Number(this.document.engine.finalDepth)),
      pendingCount: this.#waiting.length,
      publicKey: digest('node'),
      startedAt: this.document.time,
      network: this.network,
      mining: this.mining,
    }
  }

  *blocks(from: number, to: number): Iterable<Block> {
    for (let height = Math.max(0, from); height <= Math.min(to, this.chain.length - 1); height++) {
      this.readCount += 1
      yield this.chain[height] as Block
    }
  }

  blockByHash(wanted: Hash): Block | undefined {
    this.readCount += 1
    return this.chain.find((block) => toHex(block.hash) === toHex(wanted))
  }

  entryState(id: Hash): EntryState {
    return this.entryStates.get(toHex(id)) ?? { kind: 'unknown' }
  }

  peers(): readonly PeerView[] {
    return this.peerViews
  }

  invite(): string | undefined {
    return this.inviteWord
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  verify(options?: { signal?: AbortSignal }): Promise<VerifyReport> {
    this.verifyCount += 1
    if (this.verification !== undefined) return this.verification(options?.signal)
    return Promise.resolve(this.report())
  }

  report(): VerifyReport {
    const headHeight = this.chain.length - 1
    return {
      ok: true,
      headHeight,
      blockCount: this.chain.length,
      entryCount: this.#size,
      erasedCount: 0,
      isUnsettled: false,
      problems: [],
    }
  }

  #block(readings: readonly NewReading[], time: number): Block {
    const height = this.chain.length
    const payloads = readings.map((reading) => encodePayload({ ...reading, salt: new Uint8Array(16), time }))
    const entries = readings.map((_, index) => ({
      bytes: new Uint8Array(0),
      id: digest(`entry ${this.#size + index}`),
      author: digest('node'),
      sequence: this.#size + index,
      commitment: digest('commitment'),
      signature: new Uint8Array(64),
    }))
    this.#size += readings.length
    return {
      header: {
        version: 1,
        height,
        parent: height === 0 ? null : digest(`block ${height - 1}`),
        time,
        size: this.#size,
        root: digest('root'),
        body: digest('body'),
        producer: height === 0 ? new Uint8Array(32) : digest('node'),
        seal: new Uint8Array(0),
      },
      headerBytes: new Uint8Array(0),
      hash: digest(`block ${height}`),
      signature: new Uint8Array(height === 0 ? 0 : 64),
      bodyBytes: new Uint8Array(0),
      entries,
      payloads,
    }
  }
}

/** `index` counts within the block. */
function receiptOf({ header, hash: blockHash, entries }: Block, index: number): Receipt {
  const { id: entryId } = entries[index] as Block['entries'][number]
  return { entryId, height: header.height, blockHash, index: header.size - entries.length + index }
}
