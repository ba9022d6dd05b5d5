import type { BlockTree, TreeBlock } from './block-tree.ts'

/** `own-block` and `own-entries`: another of its kind is not begun before it is durable. */
export type ChangeKind = 'own-block' | 'own-entries' | 'foreign'

interface UnsettledChange {
  readonly token: number
  readonly kind: ChangeKind
  /** Height of the final block after it. */
  readonly baseHeight: number
  readonly added: readonly TreeBlock[]
}

/** The changes that are being written, in order. */
export class Unsettled {
  /** Their blocks by key. */
  readonly blocks = new Map<string, TreeBlock>()
  readonly #changes: UnsettledChange[] = []
  #token = 0

  /** Returns its token. */
  add(kind: ChangeKind, baseHeight: number, added: readonly TreeBlock[]): number {
    this.#token += 1
    this.#changes.push({ token: this.#token, kind, baseHeight, added })
    for (const block of added) this.blocks.set(block.key, block)
    return this.#token
  }

  has(kind: ChangeKind): boolean {
    return this.#changes.some((change) => change.kind === kind)
  }

  /** All up to the one with this token are durable. */
  settle(token: number, tree: BlockTree): void {
    for (let first = this.#changes[0]; first && first.token <= token; first = this.#changes[0]) {
      for (const block of first.added) {
        block.fresh = undefined
        this.blocks.delete(block.key)
      }
      tree.settle(first.baseHeight)
      this.#changes.shift()
    }
  }
}
