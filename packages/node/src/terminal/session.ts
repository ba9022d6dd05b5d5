/**
 * One connection of a terminal, as a state machine: what happens comes in as events, what is to be done goes
 * out as effects. It holds no socket, promise or timer, so every way a conversation can go is replayed in
 * tests.
 *
 * A line is answered in one of three ways: at once (a refusal, help), by the receipt of a submitted reading,
 * or by a query. Answers leave strictly in the order of the lines: each line takes a slot in a queue, and a
 * slot is written when it is answered and first. Readings are submitted as they are read, many at a time, so
 * that one fsync covers many. A query waits until all before it is answered, and what is typed after it waits
 * for it: so `72`, `chain` shows the 72, however the bytes were cut into packets.
 *
 * Bounds: `linesInFlightMax` slots; one packet that is not looked at while they are taken (reading is
 * paused); one unfinished line. At most `linesPerTurnMax` lines a step: then it asks to be continued, so that
 * whoever runs it can first serve others and wait for a full socket.
 */
import { type GenesisDocument, type Measure, type Result, utf8 } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { NewReading, Receipt } from '../ports.ts'
import { type Command, checkTyped, parseCommand, type Query } from './commands.ts'
import { type Line, type LineFault, LineSplitter } from './line-splitter.ts'
import * as messages from './messages.ts'
import { MINED, Patience, type PatienceEffect } from './patience.ts'

export type SessionEvent =
  | { readonly kind: 'connected' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** The client sends no more; it may still read. */
  | { readonly kind: 'end' }
  /** The time set by the last `deadline` effect has passed. */
  | { readonly kind: 'deadline' }
  /** In answer to a `continue` effect. */
  | { readonly kind: 'continue' }
  | { readonly kind: 'submitted'; readonly ticket: number; readonly result: Result<Receipt> }
  /** The node failed before it knew what became of a submission. */
  | { readonly kind: 'unconfirmed'; readonly ticket: number }
  /** `text` is whole lines in printable ASCII. */
  | { readonly kind: 'answered'; readonly ticket: number; readonly text: string }
  /** `bytes` are whole lines in printable ASCII, the first one empty. */
  | { readonly kind: 'broadcast'; readonly bytes: Uint8Array }
  /** A reading that was confirmed here lost its block and is in another one. `value` as it was typed. */
  | { readonly kind: 'moved'; readonly receipt: Receipt; readonly value: number }
  /** The time set by the last `patience` effect has passed. */
  | { readonly kind: 'patience'; readonly status: messages.Waiting }
  /** The node is stopping. */
  | { readonly kind: 'stop' }

export type Effect =
  /** Printable ASCII and newlines. */
  | { readonly kind: 'write'; readonly bytes: Uint8Array }
  | { readonly kind: 'submit'; readonly ticket: number; readonly reading: NewReading }
  | { readonly kind: 'query'; readonly ticket: number; readonly query: Query }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Send `continue` when the socket has room again and others had their turn. */
  | { readonly kind: 'continue' }
  /** Replaces the one before; null takes it away. */
  | { readonly kind: 'deadline'; readonly afterMs: number | null }
  /** The same for `patience`: readings wait, and somebody may wonder why. */
  | PatienceEffect
  /** After what was written has left. The last effect there is. */
  | { readonly kind: 'close' }

export interface SessionConfig {
  readonly document: GenesisDocument
  readonly measure: Measure
  /** Blocks take work, so readings wait for them. */
  readonly isMined?: boolean
  readonly subject?: string
}

type State =
  | { readonly kind: 'open' }
  /** The input has ended; what was received is worked off. */
  | { readonly kind: 'ending' }
  /** Nothing is read any more; what is in flight is answered, then comes the farewell. */
  | { readonly kind: 'closing'; readonly farewell: string }
  | { readonly kind: 'closed' }

/** A line that is not answered yet, or whose answer waits for those before it. */
interface Slot {
  readonly ticket: number
  answer?: string
  /** Of a submitted reading. */
  readonly value?: number
  readonly query?: Query
}

export class Session {
  readonly #config: SessionConfig
  readonly #prompt: string
  readonly #splitter = new LineSplitter()
  #state: State = { kind: 'open' }
  /** In the order of the lines, with tickets that follow one another. Only the last can be a query. */
  #slots: Slot[] = []
  #lastTicket = 0
  #askedTicket = 0
  /** Each line is typed behind a prompt: when there are more prompts than lines, the cursor is behind one. */
  #promptCount = 0
  #lineCount = 0
  #badCount = 0
  #paused = false
  #continueAsked = false
  /** The number of the line that a deadline is set for; 0: none is. */
  #deadlineLine = 0
  readonly #patience: Patience
  #text = ''
  #effects: Effect[] = []

  constructor(config: SessionConfig) {
    this.#config = config
    this.#prompt = messages.promptOf(config.measure)
    this.#patience = new Patience(config.isMined ? MINED : undefined)
  }

  /** What is to be done, in this order. Empty once the session is closed. */
  step(event: SessionEvent): readonly Effect[] {
    if (this.#state.kind === 'closed') return []
    this.#effects = []
    this.#take(event)
    this.#readLines()
    this.#writeAnswers()
    this.#askQuery()
    this.#steer()
    const done = this.#closeWhenDone()
    this.#flush()
    if (done) this.#effects.push({ kind: 'close' })
    return this.#effects
  }

  #take(event: SessionEvent): void {
    switch (event.kind) {
      case 'connected':
        this.#writePrompt()
        break
      case 'bytes':
        if (this.#state.kind === 'open') this.#splitter.push(event.bytes)
        break
      case 'end':
        if (this.#state.kind === 'open') this.#state = { kind: 'ending' }
        break
      case 'continue':
        this.#continueAsked = false
        break
      case 'deadline':
        this.#close(messages.TOO_SLOW)
        break
      case 'submitted':
        this.#submitted(event.ticket, event.result)
        break
      case 'unconfirmed':
        this.#answer(event.ticket, messages.UNCONFIRMED)
        break
      case 'answered':
        this.#answer(event.ticket, event.text)
        break
      case 'broadcast':
        this.#broadcast(event.bytes)
        break
      case 'moved':
        this.#tell(messages.movedLine(event.receipt, event.value, this.#config.measure))
        break
      case 'patience':
        // Behind what was typed: its answer and the prompt are still to come.
        if (this.#patience.expired()) this.#text += messages.waitingLine(event.status)
        break
      case 'stop':
        if (this.#config.isMined) this.#giveUp()
        this.#close(messages.STOPPING)
        break
    }
  }

  #readLines(): void {
    for (let count = 0; count < NODE_LIMITS.linesPerTurnMax; count += 1) {
      if (!this.#reading || this.#blocked || this.#continueAsked) return
      const last = this.#state.kind === 'ending'
      const whole = this.#splitter.next()
      const line = whole ?? (last ? this.#splitter.finish() : undefined)
      if (line === undefined) return
      // The others come in the middle of what is typed: the cursor still stands behind the prompt.
      if (line.kind === 'text' || line.kind === 'bad') this.#lineCount += 1
      this.#readLine(line, whole !== undefined)
    }
  }

  get #reading(): boolean {
    return this.#state.kind === 'open' || this.#state.kind === 'ending'
  }

  /** Whether the next line must wait for an answer to one before it. */
  get #blocked(): boolean {
    return this.#slots.length >= NODE_LIMITS.linesInFlightMax || this.#slots.at(-1)?.query !== undefined
  }

  /** Whether what was received may hold another line. */
  get #more(): boolean {
    return this.#splitter.backlog || (this.#state.kind === 'ending' && this.#splitter.started)
  }

  #readLine(line: Line, isWhole: boolean): void {
    switch (line.kind) {
      case 'text':
        this.#obey(parseCommand(line.text), isWhole)
        break
      case 'bad':
        this.#refuseLine(line.fault)
        break
      case 'long':
        this.#close(messages.TOO_LONG)
        break
      case 'interrupt':
        this.#close(messages.GOODBYE)
    }
  }

  #refuseLine(fault: LineFault): void {
    this.#badCount += 1
    const message = messages.badLine(fault, this.#badCount)
    if (this.#badCount < NODE_LIMITS.badLinesMax) this.#reply(message)
    else this.#close(message)
  }

  #obey(command: Command, isWhole: boolean): void {
    switch (command.kind) {
      case 'nothing':
        this.#reply('')
        break
      case 'help':
        this.#reply(messages.helpText(this.#config.measure))
        break
      case 'quit':
        this.#close(messages.GOODBYE)
        break
      case 'http':
        this.#close(messages.NOT_HTTP)
        break
      case 'wrong':
        this.#reply(`${command.message}\n`)
        break
      case 'query':
        this.#takeSlot({ query: command.query })
        break
      case 'reading':
        // A connection that ends within a line may have cut a 120 down to 12.
        if (isWhole) this.#submit(command.text)
        else this.#reply(messages.unfinishedLine(command.text))
        break
    }
  }

  #submit(typed: string): void {
    const { document, measure, subject } = this.#config
    const checked = checkTyped(typed, document, measure)
    if (!checked.ok) {
      this.#reply(messages.refusedLine(checked.error, typed, measure))
      return
    }
    const { value } = checked
    this.#takeSlot({ value })
    this.#patience.begin(this.#lastTicket)
    const reading = { measure: measure.name, value, ...(subject === undefined ? {} : { subject }) }
    this.#effects.push({ kind: 'submit', ticket: this.#lastTicket, reading })
  }

  /** A line that is answered as soon as those before it are. */
  #reply(answer: string): void {
    this.#takeSlot({ answer })
  }

  #takeSlot(slot: Omit<Slot, 'ticket'>): void {
    this.#lastTicket += 1
    this.#slots.push({ ticket: this.#lastTicket, ...slot })
  }

  #slotOf(ticket: number): Slot | undefined {
    const [first] = this.#slots
    return first && this.#slots[ticket - first.ticket]
  }

  #submitted(ticket: number, result: Result<Receipt>): void {
    const value = this.#slotOf(ticket)?.value
    if (value === undefined) return
    const { measure } = this.#config
    const text = result.ok
      ? messages.storedLine(result.value, value, measure)
      : messages.refusedLine(result.error, String(value), measure)
    this.#answer(ticket, text)
  }

  #answer(ticket: number, text: string): void {
    const slot = this.#slotOf(ticket)
    if (slot !== undefined) slot.answer = text
    this.#patience.end(ticket)
  }

  #writeAnswers(): void {
    let answered = 0
    for (const { answer } of this.#slots) {
      if (answer === undefined) break
      answered += 1
      this.#text += answer
      this.#writePrompt()
    }
    if (answered > 0) this.#slots = this.#slots.slice(answered)
  }

  #writePrompt(): void {
    this.#text += this.#prompt
    this.#promptCount += 1
  }

  get #atPrompt(): boolean {
    return this.#promptCount > this.#lineCount
  }

  #askQuery(): void {
    const [first] = this.#slots
    if (first?.query === undefined || first.ticket === this.#askedTicket) return
    this.#askedTicket = first.ticket
    if (first.query.kind === 'verify') this.#text += messages.VERIFYING
    // What was answered before it leaves before it, however soon it is answered.
    this.#flush()
    this.#effects.push({ kind: 'query', ticket: first.ticket, query: first.query })
  }

  #broadcast(bytes: Uint8Array): void {
    if (this.#state.kind !== 'open') return
    this.#effects.push({ kind: 'write', bytes })
    // With a line in flight, its answer brings the prompt.
    if (this.#atPrompt) this.#text += this.#prompt
  }

  /** What nobody asked for, on a line of its own; then the prompt again, where one was. */
  #tell(line: string): void {
    if (this.#state.kind !== 'open') return
    this.#text += `\n${line}`
    if (this.#atPrompt) this.#text += this.#prompt
  }

  /** A search for a block ends when it ends: nobody is kept waiting for it by a node that stops. */
  #giveUp(): void {
    for (const { ticket, value, answer } of this.#slots) {
      if (answer !== undefined || value === undefined) continue
      this.#answer(ticket, messages.unminedLine(value, this.#config.measure))
    }
  }

  /** open, ending -> closing. A query that was not answered is given up: only `verify` takes time. */
  #close(farewell: string): void {
    if (!this.#reading) return
    this.#state = { kind: 'closing', farewell }
    this.#slots = this.#slots.filter(({ query, answer }) => query === undefined || answer !== undefined)
  }

  /** Reading, continuing and the deadline, as the state now needs them. */
  #steer(): void {
    const pause = this.#reading && this.#splitter.backlog
    if (pause !== this.#paused) {
      this.#paused = pause
      this.#effects.push({ kind: pause ? 'pause' : 'resume' })
    }
    if (this.#reading && this.#more && !this.#blocked && !this.#continueAsked) {
      this.#continueAsked = true
      this.#effects.push({ kind: 'continue' })
    }
    // What was not looked at yet has not begun: time in our own queue is not held against its writer.
    const patience = this.#patience.steer(this.#reading)
    if (patience) this.#effects.push(patience)
    const line = this.#state.kind === 'open' ? this.#splitter.startedLine : 0
    if (line !== this.#deadlineLine) {
      this.#deadlineLine = line
      this.#effects.push({ kind: 'deadline', afterMs: line === 0 ? null : NODE_LIMITS.lineTimeoutMs })
    }
  }

  /** closing, ending -> closed. */
  #closeWhenDone(): boolean {
    if (this.#state.kind === 'open' || this.#slots.length > 0) return false
    if (this.#state.kind === 'ending' && this.#more) return false
    // A shell's own prompt then starts on a line of its own.
    if (this.#atPrompt) this.#text += '\n'
    if (this.#state.kind === 'closing') this.#text += this.#state.farewell
    this.#state = { kind: 'closed' }
    return true
  }

  #flush(): void {
    if (this.#text === '') return
    // Everything that is put together above is escaped where it comes in; this holds when that was forgotten.
    const bytes = utf8(this.#text.replace(/[^\n\x20-\x7e]/g, '?'))
    this.#text = ''
    this.#effects.push({ kind: 'write', bytes })
  }
}
