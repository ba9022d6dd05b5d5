import type { ClassicLevel } from 'classic-level'
import { damaged, storeFailure } from './failures.ts'
import { describeKey } from './keys.ts'
import { unseal } from './records.ts'

export type Database = ClassicLevel<Uint8Array, Uint8Array>
type Snapshot = ReturnType<Database['snapshot']>

/** Records that are fetched at once from the thread that reads them, and their bytes. */
const SCAN_RECORDS = 1_000
const SCAN_BYTES = 262_144

export interface KeyRange {
  readonly gte?: Uint8Array
  readonly lt?: Uint8Array
}

/**
 * Reads records as they were after the last finished commit. LevelDB writes in another thread, so without a
 * snapshot two reads of one synchronous function could see the states before and after a commit.
 */
export class RecordReader {
  readonly #database: Database
  readonly #directory: string
  #snapshot: Snapshot

  /** `directory` is for messages. */
  constructor(database: Database, directory: string) {
    this.#database = database
    this.#directory = directory
    this.#snapshot = database.snapshot()
  }

  /** From now on reads see what is durable now. */
  refresh(): void {
    const old = this.#snapshot
    this.#snapshot = this.#database.snapshot()
    // Closing frees the snapshot before it returns; the promise is for implementations that wait.
    void old.close()
  }

  async close(): Promise<void> {
    await this.#snapshot.close()
  }

  /** The value as it is stored. Undefined when there is none; STORE_DAMAGED, STORE_READ_FAILED. */
  raw(key: Uint8Array): Uint8Array | undefined {
    try {
      const value = this.#database.getSync(key, { snapshot: this.#snapshot })
      return value && new Uint8Array(value.buffer, value.byteOffset, value.length)
    } catch (error) {
      throw storeFailure(error, 'reading', this.#directory)
    }
  }

  /**
   * The content of a sealed record, decoded. STORE_DAMAGED also when the seal or the content is not right.
   */
  get<T>(key: Uint8Array, decode: (content: Uint8Array) => T | undefined): T | undefined {
    const value = this.raw(key)
    if (value === undefined) return undefined
    const content = unseal(key, value)
    const decoded = content && decode(content)
    if (decoded === undefined) throw this.damaged(`${describeKey(key)} does not match its checksum`)
    return decoded
  }

  /** As `get`, for a record that others refer to. */
  need<T>(key: Uint8Array, decode: (content: Uint8Array) => T | undefined): T {
    const decoded = this.get(key, decode)
    if (decoded === undefined) throw this.damaged(`${describeKey(key)} is missing`)
    return decoded
  }

  /** All keys of a range, in order, many at a time. */
  async *keys(range: KeyRange): AsyncGenerator<Uint8Array[]> {
    for await (const records of this.#scan(range, false)) yield records.map(([key]) => key)
  }

  /** All records of a range, in order, many at a time, the values as they are stored. */
  records(range: KeyRange): AsyncGenerator<[Uint8Array, Uint8Array][]> {
    return this.#scan(range, true)
  }

  /** One by one takes five times as long. */
  async *#scan(range: KeyRange, values: boolean): AsyncGenerator<[Uint8Array, Uint8Array][]> {
    const options = { ...range, values, snapshot: this.#snapshot, highWaterMarkBytes: SCAN_BYTES }
    const iterator = this.#database.iterator(options)
    try {
      for (;;) {
        const records = await iterator.nextv(SCAN_RECORDS)
        if (records.length === 0) return
        yield records
      }
    } catch (error) {
      throw storeFailure(error, 'reading', this.#directory)
    } finally {
      await iterator.close()
    }
  }

  damaged(what: string): Error {
    return damaged(this.#directory, what)
  }
}
