import {
  appendLeaves,
  type Block,
  blockSigningBytes,
  type Change,
  type CompactRange,
  type ConnectedBlock,
  defaultGenesis,
  EMPTY_RANGE,
  type EntryWithPayload,
  encodeBody,
  encodeEntry,
  encodeHeader,
  encodePayload,
  entrySigningBytes,
  type GenesisDocument,
  genesisBlock,
  type Hash,
  invariant,
  parseBlock,
  rangeRoot,
  type TreeNode,
  utf8,
  type WeighedBlock,
} from '@pulseledger/core'
import { testCrypto, testSigner } from '../../../core/test/support/crypto.ts'

/** 2026-01-01T00:00:00Z */
const START_MS = 1_767_225_600_000

/** A block with all that is needed to build on it, or to move the head to it. */
export interface TestBlock extends WeighedBlock {
  readonly parent: TestBlock | undefined
  readonly range: CompactRange
  readonly nodes: readonly TreeNode[]
  /** Each author's next sequence after this block, by the author's name. */
  readonly next: ReadonlyMap<string, number>
}

/** An entry and the name of its author, who signs with the key of `testSigner(name)`. */
export interface TestEntry extends EntryWithPayload {
  readonly name: string
}

export interface TestChainOptions {
  readonly document?: Partial<GenesisDocument>
  /** Without, entries and blocks carry bytes where a signature would be: 30 times as fast. */
  readonly signed?: boolean
}

/** Makes valid blocks of a longest-chain ledger, on any branch, always the same for the same calls. */
export class TestChain {
  readonly crypto = testCrypto()
  readonly document: GenesisDocument
  readonly genesis: TestBlock
  readonly #signed: boolean
  readonly #signers = new Map<string, ReturnType<typeof testSigner>>()
  #entryCount = 0

  constructor(name = 'test', { document = {}, signed = true }: TestChainOptions = {}) {
    this.#signed = signed
    this.document = defaultGenesis({ name, time: START_MS, salt: new Uint8Array(16), ...document })
    const block = genesisBlock(this.document, this.crypto)
    this.genesis = { block, weight: 1n, parent: undefined, range: EMPTY_RANGE, nodes: [], next: new Map() }
  }

  get ledgerId(): Hash {
    return this.genesis.block.hash
  }

  author(name: string): Uint8Array {
    return this.#signer(name).publicKey
  }

  /** No two calls give the same entry: the salt of the payload is a counter. */
  entry(name: string, sequence: number, value = 60 + (sequence % 40)): TestEntry {
    this.#entryCount += 1
    const salt = this.crypto.sha256(utf8(`salt ${this.#entryCount}`)).subarray(0, 16)
    const payload = encodePayload({ salt, measure: 'bpm', value, time: START_MS + sequence })
    const author = this.author(name)
    const fields = { author, sequence, commitment: this.crypto.sha256(payload) }
    const signature = this.#sign(name, () => entrySigningBytes(this.ledgerId, fields), fields.commitment)
    return { name, payload, entry: encodeEntry({ ...fields, signature }, this.crypto) }
  }

  /**
   * A block on `parent`. A name stands for a new entry with its author's next sequence; an entry made before
   * can be put into several branches.
   */
  block(parent: TestBlock, items: readonly (string | TestEntry)[], producer = 'producer'): TestBlock {
    const next = new Map(parent.next)
    const included = items.map((item) => {
      const name = typeof item === 'string' ? item : item.name
      const sequence = next.get(name) ?? 0
      next.set(name, sequence + 1)
      const entry = typeof item === 'string' ? this.entry(name, sequence) : item
      invariant(entry.entry.sequence === sequence, `${name} has the sequence ${sequence} there`)
      return entry
    })
    const nodes: TreeNode[] = []
    const ids = included.map(({ entry }) => entry.id)
    const range = appendLeaves(parent.range, ids, this.crypto, (level, index, hash) => {
      nodes.push({ level, index, hash })
    })
    const block = this.#seal(parent.block, included, range, producer)
    return { block, weight: parent.weight + 1n, parent, range, nodes, next }
  }

  #seal(parent: Block, items: readonly EntryWithPayload[], range: CompactRange, producer: string): Block {
    const bodyBytes = encodeBody(items.map(({ entry }) => entry))
    const headerBytes = encodeHeader({
      version: 1,
      height: parent.header.height + 1,
      parent: parent.hash,
      time: parent.header.time + 1_000,
      size: range.size,
      root: rangeRoot(range, this.crypto),
      body: this.crypto.sha256(bodyBytes),
      producer: this.author(producer),
      seal: new Uint8Array(0),
    })
    const hash = this.crypto.sha256(headerBytes)
    const signature = this.#sign(producer, () => blockSigningBytes(this.ledgerId, hash), hash)
    const payloads = items.map(({ payload }) => payload)
    const parsed = parseBlock({ headerBytes, signature, bodyBytes, payloads }, this.crypto)
    invariant(parsed.ok, parsed.ok ? '' : parsed.error.message)
    return parsed.value
  }

  #sign(name: string, message: () => Uint8Array, filler: Hash): Uint8Array {
    if (this.#signed) return this.#signer(name).sign(message())
    const signature = new Uint8Array(64)
    signature.set(filler)
    signature.set(filler, 32)
    return signature
  }

  #signer(name: string): ReturnType<typeof testSigner> {
    const signer = this.#signers.get(name) ?? testSigner(name)
    this.#signers.set(name, signer)
    return signer
  }
}

/** What a Change holds beside a move of the head. */
export interface ChangeParts {
  readonly pendingAdd?: readonly EntryWithPayload[]
  readonly pendingRemove?: readonly Hash[]
}

/** Stores `added` and moves the head from one block to another; from undefined in an empty store. */
export function moveHead(
  from: TestBlock | undefined,
  to: TestBlock | undefined,
  added: readonly TestBlock[],
  { pendingAdd = [], pendingRemove = [] }: ChangeParts = {},
): Change {
  const [lost, gained] = [ancestry(from), ancestry(to)]
  while (lost.length > 0 && lost[0] === gained[0]) {
    lost.shift()
    gained.shift()
  }
  return {
    blocks: added.map(({ block, weight }) => ({ block, weight })),
    disconnect: lost.reverse().map(placed),
    connect: gained.map(placed),
    pendingAdd,
    pendingRemove,
  }
}

/** The change that appends one new block to its parent, or genesis to nothing. */
export function append(block: TestBlock, parts?: ChangeParts): Change {
  return moveHead(block.parent, block, [block], parts)
}

/** A block of another branch: the head stays. */
export function store(...blocks: TestBlock[]): Change {
  return moveHead(undefined, undefined, blocks)
}

/** From genesis up to `block`. */
export function ancestry(block: TestBlock | undefined): TestBlock[] {
  const path: TestBlock[] = []
  for (let at = block; at; at = at.parent) path.unshift(at)
  return path
}

function placed({ block, parent, nodes }: TestBlock): ConnectedBlock {
  return { block, firstIndex: parent?.range.size ?? 0, nodes }
}
