import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../ports.ts'
import type { Devnet } from './devnet.ts'
import { type InputState, press, splitKeys } from './keys.ts'
import { ENTER_SCREEN, LEAVE_SCREEN, redraw } from './redraw.ts'
import { screenLines } from './screen.ts'

/** A keyboard, as process.stdin is one when it is a terminal. */
export interface Keyboard extends Readable {
  setRawMode?(isRaw: boolean): unknown
}

/** A terminal, as process.stdout is one. */
export interface Display extends Writable {
  readonly columns?: number
  readonly rows?: number
}

export interface LiveInit {
  readonly devnet: Devnet
  readonly keyboard: Keyboard
  readonly display: Display
  readonly colour: boolean
  readonly clock: Clock
  readonly interrupted: Promise<unknown>
}

/** Events come by the thousand while a node catches up; nobody reads faster than this. */
const DRAW_MS = 40

/** A devnet on a screen, until somebody quits. Gives the terminal back as it was. */
export async function runLive(init: LiveInit): Promise<void> {
  const { devnet, interrupted } = init
  const screen = new LiveScreen(init)
  screen.open()
  try {
    const quit = Promise.race([screen.quit, interrupted])
    const started = devnet.start()
    // When somebody quits meanwhile, nobody waits for it any more.
    started.catch(() => undefined)
    await Promise.race([started, quit])
    await quit
  } finally {
    screen.note('stopping all nodes (Ctrl-C: at once)')
    try {
      await Promise.race([devnet.stop(), screen.quitAgain.then(() => devnet.cluster.killAll())])
      await devnet.stop()
    } finally {
      screen.close()
    }
  }
}

class LiveScreen {
  readonly #init: LiveInit
  readonly #quit = Promise.withResolvers<void>()
  readonly #quitAgain = Promise.withResolvers<void>()
  #input: InputState = { selected: 1, typed: '' }
  #shown: string[] | undefined
  #cancelDraw: (() => void) | undefined
  #isStopping = false
  #unsubscribe: (() => void) | undefined

  constructor(init: LiveInit) {
    this.#init = init
  }

  get quit(): Promise<void> {
    return this.#quit.promise
  }

  get quitAgain(): Promise<void> {
    return this.#quitAgain.promise
  }

  open(): void {
    const { devnet, keyboard, display } = this.#init
    display.write(ENTER_SCREEN)
    // A crash must not leave the shell on the other screen, and this is too late for anything but a write.
    process.on('exit', this.#leave)
    keyboard.setRawMode?.(true)
    keyboard.setEncoding('utf8')
    keyboard.on('data', this.#onKeys)
    display.on('resize', this.#onResize)
    this.#unsubscribe = devnet.subscribe(() => this.#drawSoon())
    this.#draw()
  }

  /** Last words, and keys that from now on only mean haste. */
  note(text: string): void {
    this.#isStopping = true
    this.#init.devnet.note(text)
  }

  close(): void {
    const { keyboard, display } = this.#init
    this.#unsubscribe?.()
    this.#cancelDraw?.()
    keyboard.off('data', this.#onKeys)
    keyboard.setRawMode?.(false)
    keyboard.pause()
    display.off('resize', this.#onResize)
    process.off('exit', this.#leave)
    this.#leave()
  }

  readonly #leave = (): void => {
    this.#init.display.write(LEAVE_SCREEN)
  }

  readonly #onResize = (): void => {
    this.#shown = undefined
    this.#draw()
  }

  readonly #onKeys = (text: string): void => {
    const { devnet } = this.#init
    for (const key of splitKeys(text)) {
      const { input, command } = press(key, this.#input, devnet.model.nodes.length)
      this.#input = input
      if (command?.kind === 'quit') (this.#isStopping ? this.#quitAgain : this.#quit).resolve()
      else if (command && !this.#isStopping) {
        void devnet.carryOut(command).then((problem) => {
          if (problem !== undefined) devnet.note(problem)
        })
      }
    }
    this.#draw()
  }

  #drawSoon(): void {
    this.#cancelDraw ??= this.#init.clock.after(DRAW_MS, () => this.#draw())
  }

  #draw(): void {
    this.#cancelDraw?.()
    this.#cancelDraw = undefined
    const { devnet, display, colour } = this.#init
    const size = { columns: display.columns ?? 80, rows: display.rows ?? 24 }
    const lines = screenLines(devnet.model, this.#input, size, colour)
    const changes = redraw(this.#shown, lines)
    this.#shown = lines
    if (changes !== '') display.write(changes)
  }
}
