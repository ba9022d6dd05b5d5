import type { Chance } from './chance.ts'
import { type Confirmation, confirmationsIn } from './serials.ts'
import { TerminalClient } from './terminal-client.ts'

export interface LoadInit {
  readonly port: number
  readonly clientCount: number
  readonly chance: Chance
  /** Gives the next number to type. */
  readonly nextValue: () => number
  readonly onConfirmation: (confirmation: Confirmation) => void
  /** Told before a number is typed. */
  readonly onTyped: (value: number) => void
}

/** Some type a number and wait for its answer, as people do; others send a burst, as devices do. */
const BURSTS = [1, 1, 1, 3, 10]

/** Many clients that type as fast as they are answered, until their connections end. */
export class Load {
  readonly #init: LoadInit
  readonly #clients: TerminalClient[] = []

  constructor(init: LoadInit) {
    this.#init = init
  }

  /** Resolves when all are connected and type. A node that goes away meanwhile is no failure. */
  async start(): Promise<void> {
    const { clientCount, port } = this.#init
    await Promise.all(
      Array.from({ length: clientCount }, async (_, index) => {
        const client = await TerminalClient.connect(port, `client ${index}`).catch(() => undefined)
        if (client === undefined) return
        this.#clients.push(client)
        this.#typeOn(client)
      }),
    )
  }

  /** Resolves when every connection is closed, with all that each client was told. */
  async ended(): Promise<string[]> {
    await Promise.all(this.#clients.map((client) => client.closed))
    return this.#clients.map((client) => client.seen.text)
  }

  stop(): void {
    for (const client of this.#clients) client.destroy()
  }

  #typeOn(client: TerminalClient): void {
    let readTo = 0
    let openCount = 0
    const go = () => {
      const { text } = client.seen
      const end = text.lastIndexOf('\n') + 1
      for (const confirmation of confirmationsIn(text.slice(readTo, end))) {
        openCount -= 1
        this.#init.onConfirmation(confirmation)
      }
      readTo = Math.max(readTo, end)
      if (openCount === 0 && !client.isClosed) openCount = this.#type(client)
    }
    client.seen.onText(go)
    go()
  }

  #type(client: TerminalClient): number {
    const count = this.#init.chance.pick(BURSTS)
    const values = Array.from({ length: count }, () => this.#init.nextValue())
    for (const value of values) this.#init.onTyped(value)
    client.type(values.join('\n'))
    return count
  }
}
