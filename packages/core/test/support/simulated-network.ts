/**
 * Some ledgers in a world of their own: virtual milliseconds, stores that take time, messages that take time
 * and get lost, walls between nodes. Everything follows from the seed. There is no sync: a node that hears of
 * a block is handed the ancestors that it lacks, and every now and then each tells the others of its head.
 */
import type { Block } from '../../src/block/block.ts'
import { toHex } from '../../src/bytes.ts'
import { expectedHashes, readUint256 } from '../../src/consensus/work.ts'
import type { Signer } from '../../src/crypto.ts'
import type { EntryWithPayload } from '../../src/entry/entry.ts'
import type { Effect, LedgerEvent, Notice, WorkJob } from '../../src/machine/events.ts'
import type { Ledger } from '../../src/machine/ledger.ts'
import { genesisChange, loadLedger } from '../../src/machine/load.ts'
import { crypto, type Rules, START, unwrap } from './block-builder.ts'
import { checkEffects } from './check-effects.ts'
import { DumbStore } from './dumb-store.ts'
import { searchNonce } from './search.ts'

export interface SimulationChoice {
  readonly rules: Rules
  readonly signers: readonly Signer[]
  readonly seed: number
  readonly delayMs: readonly [number, number]
  /** 0..1 */
  readonly loss?: number
  readonly writeMs?: readonly [number, number]
  /** Hashes a second of each node, in turn; a block comes by chance, as often as the target lets it. */
  readonly hashRates?: readonly number[]
}

export class SimulatedNode {
  readonly store = new DumbStore()
  readonly ledger: Ledger
  readonly told: Notice[] = []
  readonly queue: Effect[] = []
  wakeTime: number | undefined
  job: WorkJob | undefined
  isWriting = false
  side = 0
  stepCount = 0
  lastToken = 0

  constructor({ document, ledgerId, engine }: Rules, signer: Signer) {
    this.store.apply(genesisChange(document, engine, crypto))
    const config = { document, ledgerId, engine, crypto, signer, hasMiner: true, reader: this.store }
    this.ledger = unwrap(loadLedger(config))
  }
}

export class SimulatedNetwork {
  readonly nodes: readonly SimulatedNode[]
  /** Every block that was published. */
  readonly produced = new Map<string, Block>()
  now = START + 10_000
  readonly #choice: SimulationChoice
  readonly #tasks = new Map<number, (() => void)[]>()
  #state: number
  #ticket = 0

  constructor(choice: SimulationChoice) {
    this.#choice = choice
    this.#state = choice.seed
    this.nodes = choice.signers.map((signer) => new SimulatedNode(choice.rules, signer))
    this.split(() => 0)
    this.#gossipHeads()
  }

  /** Uniform in [0, 1): mulberry32. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** Uniform among the integers of `from` to `to`. */
  between([from, to]: readonly [number, number]): number {
    return from + Math.floor(this.random() * (to - from + 1))
  }

  after(delayMs: number, task: () => void): void {
    const at = this.now + Math.max(1, delayMs)
    this.#tasks.set(at, [...(this.#tasks.get(at) ?? []), task])
  }

  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 1
      const due = this.#tasks.get(this.now) ?? []
      this.#tasks.delete(this.now)
      for (const task of due) task()
      for (const node of this.nodes) {
        if (node.wakeTime !== undefined && node.wakeTime <= this.now) this.send(node, { kind: 'tick' })
      }
    }
  }

  /** From now on only nodes of one side hear of each other. */
  split(sideOf: (index: number) => number): void {
    for (const [i, node] of this.nodes.entries()) node.side = sideOf(i)
    for (const node of this.nodes) {
      const peerCount = this.#reachable(node).length
      this.send(node, { kind: 'network', peerCount, isBehind: false })
    }
  }

  type(node: SimulatedNode, value: number): void {
    this.#ticket += 1
    const salt = new Uint8Array(16)
    new DataView(salt.buffer).setUint32(0, this.#ticket)
    const reading = { measure: 'bpm', value, time: this.now }
    this.send(node, { kind: 'reading-submitted', ticket: this.#ticket, reading, salt })
  }

  send(node: SimulatedNode, event: LedgerEvent): void {
    if (event.kind === 'tick') node.wakeTime = undefined
    node.stepCount += 1
    const effects = node.ledger.step(event, this.now)
    node.lastToken = checkEffects(effects, node.lastToken)
    node.queue.push(...effects)
    this.#run(node)
  }

  #run(node: SimulatedNode): void {
    while (!node.isWriting) {
      const effect = node.queue.shift()
      if (effect === undefined) return
      switch (effect.kind) {
        case 'persist':
          node.isWriting = true
          this.after(this.between(this.#choice.writeMs ?? [1, 3]), () => {
            node.store.apply(effect.change)
            node.isWriting = false
            this.send(node, { kind: 'persisted', token: effect.token })
          })
          break
        case 'publish-block':
          this.produced.set(toHex(effect.block.hash), effect.block)
          this.#tell(node, (to) => this.#hear(to, effect.block))
          break
        case 'publish-entries':
          this.#tell(node, (to) => this.send(to, { kind: 'entries-received', items: effect.items }))
          break
        case 'notify':
          node.told.push(...effect.notices)
          break
        case 'work':
          node.job = effect.job
          this.#mine(node, effect.job)
          break
        case 'cancel-work':
          node.job = undefined
          break
        case 'wake':
          node.wakeTime = effect.time
      }
    }
  }

  /** A search has no memory: the time until it ends is distributed exponentially. */
  #mine(node: SimulatedNode, job: WorkJob): void {
    const rates = this.#choice.hashRates ?? [1_000]
    const rate = rates[this.nodes.indexOf(node) % rates.length] as number
    const meanMs = (Number(expectedHashes(readUint256(job.target))) * 1_000) / rate
    this.after(Math.round(-Math.log(1 - this.random()) * meanMs), () => {
      if (node.job !== job) return
      node.job = undefined
      this.send(node, { kind: 'work-found', job: job.id, nonce: searchNonce(job, crypto) })
    })
  }

  #tell(from: SimulatedNode, deliver: (to: SimulatedNode) => void): void {
    for (const to of this.#reachable(from)) {
      if (this.random() < (this.#choice.loss ?? 0)) continue
      this.after(this.between(this.#choice.delayMs), () => {
        if (to.side === from.side) deliver(to)
      })
    }
  }

  #reachable(from: SimulatedNode): SimulatedNode[] {
    return this.nodes.filter((node) => node !== from && node.side === from.side)
  }

  /** The block with all its ancestors that are unknown here. */
  #hear(to: SimulatedNode, block: Block): void {
    const blocks: Block[] = []
    for (let at: Block | undefined = block; at && !to.ledger.find(at.hash); ) {
      blocks.unshift(at)
      at = at.header.parent ? this.produced.get(toHex(at.header.parent)) : undefined
    }
    if (blocks.length > 0) this.send(to, { kind: 'blocks-received', blocks })
  }

  #gossipHeads(): void {
    for (const node of this.nodes) {
      const head = this.produced.get(toHex(node.store.head()?.hash as Uint8Array))
      if (head) this.#tell(node, (to) => this.#hear(to, head))
    }
    this.after(500, () => this.#gossipHeads())
  }

  /** How many of the blocks that were made are not on the chain of the first node. */
  get orphanCount(): number {
    return this.produced.size - ((this.nodes[0] as SimulatedNode).store.canonical.length - 1)
  }

  pendingOf(node: SimulatedNode): EntryWithPayload[] {
    return [...node.ledger.pending.entries()]
  }
}
