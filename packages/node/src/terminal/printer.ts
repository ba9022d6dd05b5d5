/**
 * The first terminal: what the node prints on stdout.
 *
 * stdout may be slower than the ledger: a pipe into a pager, a terminal stopped with ^S. It must then neither
 * stop the node nor fill its memory. So writes never block (see `unblocked`), and while more than
 * `printerQueueBytesMax` wait to leave, events are only counted; once half of that has left, one line says
 * how many were not shown. When stdout is closed (`pulseledger start | head -1`), the node goes on and prints
 * no more.
 */
import type { Writable } from 'node:stream'
import { NODE_LIMITS } from '../limits.ts'
import type { StartNote } from '../options.ts'
import type { Clock, Logger, NodeEvent, NodeService } from '../ports.ts'
import { blockView } from '../views/block-view.ts'
import { blockEvent, noteEvent, skippedEvent, startedEvent } from '../views/event-json.ts'
import { COLOURED, type Palette, PLAIN } from '../views/palette.ts'
import { genesisLines } from '../views/text.ts'
import { hostPort } from './address.ts'
import { bannerLines } from './banner.ts'
import { jsonOfEvent, textOfEvent } from './event-lines.ts'
import { Quiet } from './quiet.ts'
import type { TerminalAddress } from './server.ts'

export interface PrinterInit {
  readonly service: NodeService
  readonly clock: Clock
  readonly logger: Logger
  /** Usually `process.stdout`. */
  readonly output: Writable
  /** One JSON line an event instead of text for people. */
  readonly json: boolean
  /** Of text; JSON has no colours. */
  readonly colour: boolean
}

/** What is said at start beside what the node says of itself. */
export interface Opening {
  /** How the command line is called here. */
  readonly invocation?: string
  readonly notes?: readonly StartNote[]
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'printing'; readonly unsubscribe: () => void }
  /** stdout is gone. */
  | { readonly kind: 'broken' }
  | { readonly kind: 'stopped' }

export class Printer {
  readonly #init: PrinterInit
  readonly #palette: Palette
  readonly #onError = (error: Error) => this.#broke(error)
  #state: State = { kind: 'idle' }
  #skippedCount = 0
  readonly #quiet: Quiet

  constructor(init: PrinterInit) {
    this.#init = init
    this.#palette = init.colour ? COLOURED : PLAIN
    this.#quiet = new Quiet(init.clock)
  }

  /**
   * Prints the banner and genesis, then every event until `stop`. `addresses` as the terminal server gave
   * them.
   */
  start(addresses: readonly TerminalAddress[], opening: Opening = {}): void {
    const { service, output } = this.#init
    unblocked(output)
    output.on('error', this.#onError)
    this.#state = { kind: 'printing', unsubscribe: service.subscribe((event) => this.#print(event)) }
    this.#write(this.#opening(addresses, opening))
  }

  /** Idempotent. Resolves when what was printed has left, or after `printerDrainMs`. */
  async stop(): Promise<void> {
    const { output, clock } = this.#init
    if (this.#state.kind !== 'printing') return
    this.#state.unsubscribe()
    this.#sayWhatWasSkipped()
    this.#state = { kind: 'stopped' }
    // The listener for errors stays: one may still come for what is on its way.
    await new Promise<void>((resolve) => {
      const cancel = clock.after(NODE_LIMITS.printerDrainMs, resolve)
      output.write('', () => {
        cancel()
        resolve()
      })
    })
  }

  #opening(
    addresses: readonly TerminalAddress[],
    { invocation = 'pulseledger', notes = [] }: Opening,
  ): readonly string[] {
    const { service, json } = this.#init
    const status = service.status()
    const invite = service.invite()
    const [genesis] = [...service.blocks(0, 0)]
    if (json) {
      const moved = addresses.flatMap((address) => movedNote(address))
      const started = startedEvent(status, addresses.map(hostPort), invite)
      const lines = [started, ...[...notes, ...moved].map(noteEvent)]
      return genesis === undefined ? lines : [...lines, blockEvent(genesis, service.document)]
    }
    const invitation = invite === undefined ? undefined : `${invocation} join ${invite}`
    const banner = bannerLines(status, service.document, addresses, this.#palette, { invitation, notes })
    if (genesis === undefined) return banner
    const view = blockView(genesis, service.document)
    return [...banner, '', ...genesisLines(service.document, view, this.#palette), '']
  }

  #print(event: NodeEvent): void {
    if (this.#state.kind !== 'printing') return
    const { output, json, service } = this.#init
    if (this.#quiet.hides(event, json)) return
    const waitingMax =
      this.#skippedCount > 0 ? 0.5 * NODE_LIMITS.printerQueueBytesMax : NODE_LIMITS.printerQueueBytesMax
    if (output.writableLength > waitingMax) {
      this.#skippedCount += 1
      if (this.#skippedCount === 1) this.#callBack()
      return
    }
    this.#sayWhatWasSkipped()
    const { document } = service
    this.#write([json ? jsonOfEvent(event, document) : textOfEvent(event, document, this.#palette)])
  }

  /** When the queue is empty again, also when no further event comes. */
  #callBack(): void {
    this.#init.output.once('drain', () => this.#sayWhatWasSkipped())
  }

  #sayWhatWasSkipped(): void {
    if (this.#skippedCount === 0) return
    const count = this.#skippedCount
    this.#skippedCount = 0
    const shown = count.toLocaleString('en-GB')
    const text = `... ${shown} ${count === 1 ? 'event' : 'events'} not shown: this output is read too slowly`
    this.#write([this.#init.json ? skippedEvent(count) : this.#palette.dim(text)])
  }

  #write(lines: readonly string[]): void {
    if (this.#state.kind !== 'printing') return
    this.#init.output.write(`${lines.join('\n')}\n`)
  }

  /** printing -> broken */
  #broke(error: Error): void {
    if (this.#state.kind !== 'printing') return
    this.#state.unsubscribe()
    this.#state = { kind: 'broken' }
    this.#init.logger.warn({ err: error }, 'stdout is closed: the node goes on and prints no more')
  }
}

/** The banner says it beside the address; programs get an event. */
function movedNote({ movedFrom, port }: TerminalAddress): StartNote[] {
  return movedFrom === undefined
    ? []
    : [{ kind: 'port-moved', service: 'terminals', from: movedFrom, to: port }]
}

/**
 * Node writes to terminals synchronously, so ^S would stop the whole node. Their handle can be told
 * otherwise, though by no public method; where that is missing, nothing changes. Pipes are asynchronous,
 * files do not block.
 */
function unblocked(output: Writable): void {
  const { _handle: handle } = output as { _handle?: { setBlocking?: (blocking: boolean) => number } }
  handle?.setBlocking?.(false)
}
