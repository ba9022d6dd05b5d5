import type { Block } from '../../../src/block/block.ts'
import type { SignedHeader } from '../../../src/block/signed-header.ts'
import { type Hash, keyOf, utf8 } from '../../../src/bytes.ts'
import { isPreferred } from '../../../src/consensus/engine.ts'
import type { SyncChain } from '../../../src/machine/sync/sync-events.ts'
import { type Failure, fail } from '../../../src/result.ts'
import { crypto, producers, testRules } from '../../support/block-builder.ts'

/**
 * Blocks that only sync looks at: linked headers with hashes of their own and a few bytes for a body. Nothing
 * is encoded or signed, so that hundreds of thousands of them cost little.
 */
const rules = testRules()
export const engine = rules.engine
export const genesis: Block = rules.genesis

const byName = new Map<string, Block>()

/** The block after `parent`; equal labels, the same block. */
export function nextBlock(parent: Block, label = '', spoil: Partial<Block['header']> = {}): Block {
  const name = `${keyOf(parent.hash)}/${label}/${Object.keys(spoil).join()}`
  const known = byName.get(name)
  if (known) return known
  const hash = crypto.sha256(utf8(name))
  const header: Block['header'] = {
    version: 1,
    height: parent.header.height + 1,
    parent: parent.hash,
    time: parent.header.time + 1,
    size: parent.header.size + 1,
    root: hash,
    body: hash,
    producer: producers[0]?.publicKey as Uint8Array,
    seal: new Uint8Array(0),
    ...spoil,
  }
  const signature = new Uint8Array(64)
  const bodyBytes = new Uint8Array(100)
  const block = { header, hash, headerBytes: hash, signature, bodyBytes, payloads: [], entries: [] }
  byName.set(name, block)
  return block
}

/** `count` blocks on the last of `chain`, as a chain from genesis. */
export function extend(chain: readonly Block[], count: number, label = ''): Block[] {
  const longer = [...chain]
  for (let i = 0; i < count; i++) longer.push(nextBlock(longer.at(-1) as Block, label))
  return longer
}

/** Genesis and `count` blocks. */
export function chainOf(count: number, label = ''): Block[] {
  return extend([genesis], count, label)
}

export function headerOf({ header, headerBytes, hash, signature }: Block): SignedHeader {
  return { header, headerBytes, hash, signature }
}

export function statusOf(chain: readonly Block[]) {
  const { hash, header } = chain.at(-1) as Block
  return { head: hash, height: header.height, weight: BigInt(header.height) }
}

/** A ledger that takes any block on a known parent, but for those that it was told are invalid or early. */
export class FakeLedger implements SyncChain {
  readonly #blocks = new Map<string, { readonly block: Block; readonly weight: bigint }>()
  readonly #refusals: ReadonlyMap<string, Failure>
  readonly #finalDepth: number
  readonly #canonical: Block[]

  constructor(
    chain: readonly Block[],
    finalDepth = 1_000_000,
    refusals: ReadonlyMap<string, Failure> = new Map(),
  ) {
    this.#canonical = [...chain]
    this.#finalDepth = finalDepth
    this.#refusals = refusals
    for (const [height, block] of chain.entries()) {
      this.#blocks.set(keyOf(block.hash), { block, weight: BigInt(height) })
    }
  }

  get head() {
    const { hash, header } = this.#canonical.at(-1) as Block
    return { hash, height: header.height, weight: BigInt(header.height) }
  }

  get canonical(): readonly Block[] {
    return this.#canonical
  }

  get finalHeight(): number {
    return Math.max(0, this.head.height - this.#finalDepth)
  }

  canonicalHash(height: number): Hash | undefined {
    return this.#canonical[height]?.hash
  }

  find(hash: Hash) {
    const found = this.#blocks.get(keyOf(hash))
    if (found === undefined) return undefined
    const { header } = found.block
    return { header, weight: found.weight, isOpen: this.#isOpen(found.block) }
  }

  /** The refusals, in order. A block on an unknown parent is dropped without a word. */
  receive(blocks: readonly Block[]): { hash: Hash; error: Failure }[] {
    const refused: { hash: Hash; error: Failure }[] = []
    for (const block of blocks) {
      const parent = block.header.parent && this.#blocks.get(keyOf(block.header.parent))
      if (!parent || this.#blocks.has(keyOf(block.hash))) continue
      const error = this.#isOpen(parent.block)
        ? this.#refusals.get(keyOf(block.hash))
        : fail('BLOCK_BELOW_FINAL', 'below').error
      if (error) refused.push({ hash: block.hash, error })
      else this.#add(block, parent.weight + 1n)
    }
    return refused
  }

  #add(block: Block, weight: bigint): void {
    this.#blocks.set(keyOf(block.hash), { block, weight })
    if (!isPreferred({ hash: block.hash, weight }, this.head)) return
    const branch = [block]
    for (;;) {
      const { parent, height } = (branch[0] as Block).header
      if (this.#canonical[height - 1]?.hash === parent) break
      branch.unshift(this.#blocks.get(keyOf(parent as Hash))?.block as Block)
    }
    this.#canonical.splice(branch[0]?.header.height as number, Number.POSITIVE_INFINITY, ...branch)
  }

  /** On the canonical chain at or above the final block, or on a branch from there. */
  #isOpen(block: Block): boolean {
    let at = block
    while (this.#canonical[at.header.height]?.hash !== at.hash) {
      at = this.#blocks.get(keyOf(at.header.parent as Hash))?.block as Block
    }
    return at.header.height >= this.finalHeight
  }
}
