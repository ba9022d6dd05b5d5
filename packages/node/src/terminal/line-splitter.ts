/**
 * Bytes of a connection -> lines of text, with what is wrong with them.
 *
 * A line ends with LF, CR LF, CR NUL (telnet) or CR alone (serial devices). How the bytes were cut into
 * packets makes no difference: every decision depends on one byte and on the state that the bytes before it
 * left. Memory: the packet at hand, and one line of at most `lineBytesMax`.
 */
import { concatBytes } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import { INTERRUPT, MALFORMED, SKIPPED, TelnetFilter } from './telnet.ts'

export type Line =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bad'; readonly fault: LineFault }
  /** Longer than allowed: said at once, and the rest of the line is skipped. */
  | { readonly kind: 'long' }
  /** ^C in a telnet client. What was typed before it stays the beginning of a line. */
  | { readonly kind: 'interrupt' }

/** Why a line is not text. */
export type LineFault = 'utf-8' | 'nul' | 'telnet'

const NUL = 0x00
const LF = 0x0a
const CR = 0x0d

const NOTHING = new Uint8Array(0)
/** Most lines fit; a connection that waits keeps no more than this. */
const LINE_BYTES_KEPT = 64

// A byte order mark is left where it is: it is no digit.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class LineSplitter {
  readonly #telnet = new TelnetFilter()
  /** What was received and not looked at yet: `#chunk` from `#at`. */
  #chunk: Uint8Array = NOTHING
  #at = 0
  /** The line so far: the first `#length` bytes. */
  #line: Uint8Array = NOTHING
  #length = 0
  #fault: LineFault | undefined
  /** The line was already reported as too long: its rest is skipped. */
  #skipping = false
  #afterCarriageReturn = false
  #endedCount = 0

  push(bytes: Uint8Array): void {
    this.#chunk = this.backlog ? concatBytes(this.#chunk.subarray(this.#at), bytes) : bytes
    this.#at = 0
  }

  /** Whether there are bytes that were not looked at. */
  get backlog(): boolean {
    return this.#at < this.#chunk.length
  }

  /** Whether a line has begun and not ended, in what was looked at. */
  get started(): boolean {
    return this.#length > 0 || this.#fault !== undefined || this.#skipping || this.#telnet.within
  }

  /** The number of the line that has begun and not ended, counted from 1; 0 when none has. */
  get startedLine(): number {
    return this.started ? this.#endedCount + 1 : 0
  }

  /** The next line; undefined when all bytes were looked at. */
  next(): Line | undefined {
    while (this.#at < this.#chunk.length) {
      const byte = this.#telnet.take(this.#chunk[this.#at++] as number)
      if (byte === SKIPPED) continue
      if (byte === INTERRUPT) return { kind: 'interrupt' }
      if (byte === MALFORMED) this.#fault ??= 'telnet'
      const line = this.#take(byte === MALFORMED ? (this.#chunk[this.#at - 1] as number) : byte)
      if (line !== undefined) return line
    }
    this.#chunk = NOTHING
    this.#at = 0
    return undefined
  }

  /**
   * The line that the end of the input ends; undefined when none has begun. Call it after `next` gave none.
   */
  finish(): Line | undefined {
    if (!this.started) return undefined
    if (this.#telnet.within) this.#fault ??= 'telnet'
    return this.#endLine()
  }

  #take(byte: number): Line | undefined {
    const secondOfLineEnd = this.#afterCarriageReturn && (byte === LF || byte === NUL)
    this.#afterCarriageReturn = byte === CR
    if (secondOfLineEnd) return undefined
    if (byte === LF || byte === CR) return this.#endLine()
    if (this.#skipping) return undefined
    if (byte === NUL) this.#fault ??= 'nul'
    if (this.#length === NODE_LIMITS.lineBytesMax) {
      this.#skipping = true
      return { kind: 'long' }
    }
    if (this.#length === this.#line.length) this.#grow()
    this.#line[this.#length++] = byte
    return undefined
  }

  /** Undefined for the end of a line that was reported as too long. */
  #endLine(): Line | undefined {
    const bytes = this.#line.subarray(0, this.#length)
    const fault = this.#fault
    const skipping = this.#skipping
    this.#endedCount += 1
    if (this.#line.length > LINE_BYTES_KEPT) this.#line = NOTHING
    this.#length = 0
    this.#fault = undefined
    this.#skipping = false
    if (skipping) return undefined
    return fault === undefined ? decode(bytes) : { kind: 'bad', fault }
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(LINE_BYTES_KEPT, 2 * this.#line.length))
    larger.set(this.#line)
    this.#line = larger
  }
}

function decode(bytes: Uint8Array): Line {
  try {
    return { kind: 'text', text: decoder.decode(bytes) }
  } catch {
    return { kind: 'bad', fault: 'utf-8' }
  }
}
