/**
 * The latest blocks of all nodes as one tree, for a picture of it. Nodes on different branches have
 * different last blocks ("tips"). The branch of the best tip is the trunk: the first. Each other tip adds
 * what is its own, down to the block of an earlier branch that it grows from.
 *
 * Only the last heights are kept, so a branch may end in a parent that is forgotten.
 */
import { NODE_LIMITS } from '../limits.ts'

export interface TreeBlock {
  readonly height: number
  readonly hash: string
  readonly parent: string | null
  readonly producer: string
  /** What is in it, in a word or two. */
  readonly summary: string
}

export interface Branch {
  /** Its own blocks, the tip first. Never empty. */
  readonly blocks: readonly TreeBlock[]
  /** Whether a node has its head on it. */
  readonly isAlive: boolean
}

const { devnetHeightsKept, devnetBlocksKept } = NODE_LIMITS

export class BlockTree {
  readonly #blocks = new Map<string, TreeBlock>()
  #heightMax = 0

  add(block: TreeBlock): void {
    if (block.height <= this.#heightMax - devnetHeightsKept) return
    // Nodes tell of the same block one after another.
    if (this.#blocks.has(block.hash)) return
    this.#blocks.set(block.hash, block)
    if (block.height <= this.#heightMax && this.#blocks.size <= devnetBlocksKept) return
    this.#heightMax = Math.max(this.#heightMax, block.height)
    for (const { height, hash } of this.#blocks.values()) {
      if (height <= this.#heightMax - devnetHeightsKept) this.#blocks.delete(hash)
    }
    for (const hash of this.#blocks.keys()) {
      if (this.#blocks.size <= devnetBlocksKept) break
      this.#blocks.delete(hash)
    }
  }

  get(hash: string): TreeBlock | undefined {
    return this.#blocks.get(hash)
  }

  /** Branches with a head of `heads` first; among them, and among the others, the highest first. */
  branches(heads: readonly string[]): Branch[] {
    const alive = new Set(heads)
    const parents = new Set([...this.#blocks.values()].map(({ parent }) => parent))
    const tips = [...this.#blocks.values()]
      .filter(({ hash }) => alive.has(hash) || !parents.has(hash))
      .sort((a, b) => Number(alive.has(b.hash)) - Number(alive.has(a.hash)) || byChoice(a, b))
    const taken = new Set<string>()
    const branches: Branch[] = []
    for (const tip of tips) {
      const blocks: TreeBlock[] = []
      for (
        let block: TreeBlock | undefined = tip;
        block && !taken.has(block.hash);
        block = block.parent === null ? undefined : this.#blocks.get(block.parent)
      ) {
        taken.add(block.hash)
        blocks.push(block)
      }
      // A head on the way down of another branch adds nothing.
      if (blocks.length > 0) branches.push({ blocks, isAlive: alive.has(tip.hash) })
    }
    return branches
  }
}

/** As fork choice has it: the higher one, of two equally high ones that with the lower hash. */
function byChoice(a: TreeBlock, b: TreeBlock): number {
  return b.height - a.height || (a.hash < b.hash ? -1 : 1)
}
