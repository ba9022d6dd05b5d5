import { expect } from 'vitest'
import { TerminalClient } from '../../support/terminal-client.ts'
import type { PlacedReading } from './ask.ts'

const STORED = /#(\d+) (-?\d+) [A-Za-z]+ stored in block ([0-9a-f]{8})\n/
const MOVED = /(-?\d+) [A-Za-z]+ moved to block #(\d+) ([0-9a-f]{8})\n/
const TOLD = new RegExp(`${STORED.source}|${MOVED.source}`, 'g')

/** Some type a number and wait for its answer, as people do; others send a burst, as devices do. */
const BURSTS = [1, 1, 3]

interface Placed {
  readonly height: number
  readonly hash: string
}

interface Typist {
  /** Of the node. */
  readonly name: string
  readonly client: TerminalClient
  /** Of its readings, in the order in which they were confirmed. */
  readonly places: Map<number, Placed>
  /** Types on if it may. */
  go: () => void
}

/**
 * The ledger outside of the ledger: people at terminals of several nodes type numbers, each number once, as
 * fast as they are answered while they may, and note what they are told.
 */
export class Told {
  readonly #typed = new Set<number>()
  readonly #confirmed = new Set<number>()
  readonly #countOf = new Map<string, number>()
  /** How many readings may still be typed into the node of this name. */
  readonly #allowances = new Map<string, number>()
  readonly #typists: Typist[] = []
  readonly #failures: string[] = []
  #movedCount = 0

  get typedCount(): number {
    return this.#typed.size
  }

  get confirmedCount(): number {
    return this.#confirmed.size
  }

  /** How often somebody was told that a reading is elsewhere now. */
  get movedCount(): number {
    return this.#movedCount
  }

  /** Of those that were typed into the node of this name. */
  countOf(name: string): number {
    return this.#countOf.get(name) ?? 0
  }

  /** So many people open a terminal at the node of this name. */
  async type(name: string, port: number, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      // A node may go away at any time: then it is nobody's terminal.
      const client = await TerminalClient.connect(port, `a client of ${name}`).catch(() => undefined)
      if (client) this.#follow(newTypist(name, client), BURSTS[index % BURSTS.length] as number)
    }
  }

  /** Lets the people at that node type so many more readings; what is lost with a connection counts too. */
  allow(name: string, count: number): void {
    this.#allowances.set(name, (this.#allowances.get(name) ?? 0) + count)
    for (const typist of this.#typists) if (typist.name === name) typist.go()
  }

  disconnect(): void {
    for (const { client } of this.#typists) client.destroy()
  }

  /** What is not yet as it must be on a chain that is the only one now; empty when all is. */
  check(readings: readonly PlacedReading[]): string[] {
    expect(this.#failures).toEqual([])
    const places = new Map<number, PlacedReading>()
    for (const reading of readings) {
      const { value } = reading
      const before = places.get(value)
      if (before) throw new Error(`${value} is on the chain twice: #${before.height}, #${reading.height}`)
      if (!this.#typed.has(value)) throw new Error(`${value} is on the chain and was never typed`)
      places.set(value, reading)
    }
    const lost = [...this.#confirmed].filter((value) => !places.has(value))
    const complaints = lost.map((value) => `${value} was confirmed and is lost`)
    for (const typist of this.#typists) complaints.push(...checkTypist(typist, places))
    return complaints
  }

  #follow(typist: Typist, burst: number): void {
    const { name, client } = typist
    this.#typists.push(typist)
    let readTo = 0
    let openCount = 0
    typist.go = () => {
      const { text } = client.seen
      const end = text.lastIndexOf('\n') + 1
      openCount -= this.#note(typist, text.slice(readTo, end))
      readTo = Math.max(readTo, end)
      const allowance = this.#allowances.get(name) ?? 0
      if (openCount > 0 || client.isClosed || allowance === 0) return
      openCount = Math.min(burst, allowance)
      this.#allowances.set(name, allowance - openCount)
      const values = Array.from({ length: openCount }, (_, index) => this.#typed.size + index)
      for (const value of values) this.#typed.add(value)
      client.type(values.join('\n'))
    }
    client.seen.onText(typist.go)
    typist.go()
  }

  /** How many readings were confirmed. */
  #note({ name, places }: Typist, text: string): number {
    let count = 0
    for (const line of text.split(/(?<=\n)/)) {
      if (/was not stored/.test(line)) this.#failures.push(line)
    }
    for (const [, height, value, hash, movedValue, movedHeight, movedHash] of text.matchAll(TOLD)) {
      if (value !== undefined) {
        if (this.#confirmed.has(Number(value))) this.#failures.push(`${value} was confirmed twice`)
        this.#confirmed.add(Number(value))
        places.set(Number(value), { height: Number(height), hash: hash as string })
        count += 1
      } else {
        this.#movedCount += 1
        places.set(Number(movedValue), { height: Number(movedHeight), hash: movedHash as string })
      }
    }
    this.#countOf.set(name, this.countOf(name) + count)
    return count
  }
}

function newTypist(name: string, client: TerminalClient): Typist {
  return { name, client, places: new Map(), go: () => undefined }
}

function checkTypist({ client, places }: Typist, on: ReadonlyMap<number, PlacedReading>): string[] {
  const complaints: string[] = []
  let last: PlacedReading | undefined
  for (const [value, { height, hash }] of places) {
    const placed = on.get(value)
    if (placed === undefined) continue
    // What was typed into one terminal stays in its order.
    if (last && last.author === placed.author && last.sequence >= placed.sequence) {
      complaints.push(`${value} was typed after ${last.value} and comes before it`)
    }
    last = placed
    // Whoever left cannot be told that a reading moved.
    if (client.isClosed || (placed.height === height && placed.hash === hash)) continue
    complaints.push(`${value} was told #${height} ${hash}, is #${placed.height} ${placed.hash}`)
  }
  return complaints
}
