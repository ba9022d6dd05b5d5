/**
 * A ledger for the tests of checkers: blocks on any branch, and nodes that take them in as the product does.
 * What is on their disks was put there by the product's ledger and store, until a test damages a copy.
 */
import {
  type Change,
  type Effect,
  type EntryWithPayload,
  type Ledger,
  type LedgerEvent,
  loadLedger,
  toHex,
  utf8,
} from '@pulseledger/core'
import { type MemoryDisk, MemoryStore, nodeCrypto } from 'pulseledger/simulation'
import { type TestBlock, TestChain } from '../../../packages/node/test/support/chain.ts'
import { Chance } from '../../kernel/chance.ts'
import type { Observation, ObservedNode } from '../../node/observation.ts'
import { type Genesis, makeGenesis } from '../../scenario/genesis.ts'

const crypto = nodeCrypto()

const HOUR = 3_600_000

export class TestGroup {
  readonly chain: TestChain
  readonly genesis: Genesis
  readonly crypto = crypto

  static async create(finalDepth = 400): Promise<TestGroup> {
    const chain = new TestChain('checked', { document: { engine: { name: 'longest-chain', finalDepth } } })
    const context = { crypto, chance: new Chance(1, 'genesis'), now: chain.document.time }
    return new TestGroup(chain, await makeGenesis(chain.document, context))
  }

  private constructor(chain: TestChain, genesis: Genesis) {
    this.chain = chain
    this.genesis = genesis
  }

  /** Later than every block. */
  get now(): number {
    return this.chain.document.time + HOUR
  }

  /** `count` blocks on `parent` of one entry each, by authors of the branch's own. */
  branch(parent: TestBlock, count: number, name = 'ann'): TestBlock[] {
    const blocks: TestBlock[] = []
    for (let at = parent; blocks.length < count; ) {
      at = this.chain.block(at, [name], name)
      blocks.push(at)
    }
    return blocks
  }

  /** A node that has these blocks. */
  async node(name: string, ...blocks: readonly TestBlock[]): Promise<TestNode> {
    const node = new TestNode(name, this)
    await node.open()
    await node.receive(...blocks)
    return node
  }
}

export class TestNode implements ObservedNode {
  readonly name: string
  readonly id: string
  readonly disk: MemoryDisk
  lifeCount = 1
  unansweredCount = 0
  /** Told of each commit. */
  observe: (observation: Observation) => void = () => {}
  readonly #group: TestGroup
  readonly #store: MemoryStore
  #ledger: Ledger | undefined

  constructor(name: string, group: TestGroup) {
    this.name = name
    this.#group = group
    this.id = toHex(crypto.sha256(utf8(name)))
    this.disk = group.genesis.disk.copy()
    this.#store = new MemoryStore({ disk: this.disk })
  }

  get ledger(): Ledger | undefined {
    return this.#ledger
  }

  async open(): Promise<void> {
    await this.#store.open()
    const signer = crypto.signer(crypto.sha256(utf8(this.name)))
    const loaded = loadLedger({ ...this.#group.genesis.rules, crypto, signer, reader: this.#store })
    if (!loaded.ok) throw new Error(loaded.error.message)
    this.#ledger = loaded.value
    // Behind its peers it makes no blocks, so there are those of the test and no others.
    await this.#step({ kind: 'network', peerCount: 1, isBehind: true })
  }

  /** One commit for all of them. */
  async receive(...blocks: readonly TestBlock[]): Promise<void> {
    if (blocks.length > 0)
      await this.#step({ kind: 'blocks-received', blocks: blocks.map(({ block }) => block) })
  }

  /** They are pending on its disk then. */
  async shelter(...items: readonly EntryWithPayload[]): Promise<void> {
    await this.#step({ kind: 'entries-submitted', firstTicket: 0, items })
  }

  /** Past its ledger, as a node with a bug would. */
  async commit(change: Change): Promise<void> {
    await this.#store.commit(change)
    this.observe({ kind: 'committed', node: this, change })
  }

  async #step(event: LedgerEvent): Promise<void> {
    const ledger = this.#ledger as Ledger
    const effects: Effect[] = ledger.step(event, this.#group.now)
    for (const effect of effects) {
      if (effect.kind !== 'persist') continue
      await this.commit(effect.change)
      effects.push(...ledger.step({ kind: 'persisted', token: effect.token }, this.#group.now))
    }
  }
}

/** The same node with another disk, or another process. */
export function seenAs(node: ObservedNode, other: Partial<ObservedNode>): ObservedNode {
  const { name, id, disk, ledger, lifeCount, unansweredCount } = node
  return { name, id, disk, ledger, lifeCount, unansweredCount, ...other }
}

/** The same node, to whose disk this was done. */
export function damaged(node: ObservedNode, damage: (disk: MemoryDisk) => void): ObservedNode {
  const disk = node.disk.copy()
  damage(disk)
  return seenAs(node, { disk })
}
