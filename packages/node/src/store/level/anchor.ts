/**
 * The note of the last commit, in `<dir>/HEAD`, apart from the database.
 *
 * LevelDB's write-ahead log may lose its end without a word: whatever does not fit its checksum is taken for
 * a write that a crash cut off, also when it was confirmed long ago and a disk or a person damaged it since.
 * So after each durable commit its number and the head are written here, before anyone is told that it is
 * durable. A database behind its note has lost something that was confirmed.
 *
 * One pwrite of 60 bytes, without fsync: the database was synced before, so the note is never newer than it,
 * and after a power cut it may be older, which proves less and accuses nobody. As it lies within a sector and
 * is overwritten in place, it is torn at most by a power cut; then it says nothing:
 *
 * A note that is missing or unreadable does not keep the database from opening. It is a witness, not the
 * ledger: a copy of the directory without it, or a torn one after a power cut, must not make a sound database
 * useless. `verify` reports it, and the next commit writes it anew.
 *
 *   504c484541440a01 0000000000000003 0000000000000002 <32 bytes: hash of the head> <4 bytes: CRC-32C>
 *   magic            commits          height of the head
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { concatBytes, equalBytes, invariant } from '@pulseledger/core'
import { storeFailure } from './failures.ts'
import { decodeState, encodeState, type State, seal, unseal } from './records.ts'

/** "PLHEAD", a newline, format 1. */
const MAGIC = Uint8Array.of(0x50, 0x4c, 0x48, 0x45, 0x41, 0x44, 0x0a, 0x01)

const NOTE_BYTES = 60

export class AnchorFile {
  readonly #path: string
  #file: number | undefined

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Makes the file when it is missing. Undefined when nothing was noted yet, 'damaged' when it is unreadable.
   */
  open(): State | undefined | 'damaged' {
    try {
      this.#file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600)
      const start = new Uint8Array(NOTE_BYTES)
      return readNote(start.subarray(0, readSync(this.#file, start, 0, NOTE_BYTES, 0)))
    } catch (error) {
      throw storeFailure(error, 'opening', this.#path)
    }
  }

  write(state: State): void {
    invariant(this.#file !== undefined, 'the anchor is open')
    const record = concatBytes(MAGIC, seal(MAGIC, encodeState(state)))
    try {
      const written = writeSync(this.#file, record, 0, record.length, 0)
      if (written !== record.length) throw new Error(`only ${written} of ${record.length} bytes were written`)
    } catch (error) {
      throw storeFailure(error, 'writing', this.#path)
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}

function readNote(bytes: Uint8Array): State | undefined | 'damaged' {
  // A crash between making the file and the first commit leaves it empty.
  if (bytes.length === 0) return undefined
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return 'damaged'
  const content = unseal(MAGIC, bytes.subarray(MAGIC.length))
  return (content && decodeState(content)) ?? 'damaged'
}
