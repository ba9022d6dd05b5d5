import { expect, test } from 'vitest'
import { BlockTree, type TreeBlock } from '../../src/devnet/block-tree.ts'
import { NODE_LIMITS } from '../../src/limits.ts'

function block(hash: string, parent: string | null, height: number): TreeBlock {
  return { hash, parent, height, producer: '', summary: '' }
}

/** `a1` stands on `a0`; the number is the height. */
function treeOf(...links: readonly string[]): BlockTree {
  const tree = new BlockTree()
  for (const link of links) {
    const [hash = '', parent = ''] = link.split('<')
    tree.add(block(hash, parent === '' ? null : parent, Number(hash.slice(1))))
  }
  return tree
}

function shape(tree: BlockTree, heads: readonly string[]): string[] {
  return tree.branches(heads).map(({ blocks, isAlive }) => {
    return blocks.map(({ hash }) => hash).join(' ') + (isAlive ? '' : ' dead')
  })
}

test('one chain is one branch, however many nodes stand on it', () => {
  expect(shape(treeOf('a0', 'a1<a0', 'a2<a1'), ['a2', 'a2', 'a1'])).toEqual(['a2 a1 a0'])
})

test('a fork is a branch of its own down to where it parts, the higher one first', () => {
  const tree = treeOf('a0', 'a1<a0', 'a2<a1', 'b2<a1', 'b3<b2')
  expect(shape(tree, ['a2', 'b3'])).toEqual(['b3 b2 a1 a0', 'a2'])
})

test('of two equally high ones that with the lower hash is first', () => {
  expect(shape(treeOf('a0', 'c1<a0', 'b1<a0'), ['b1', 'c1'])).toEqual(['b1 a0', 'c1'])
})

test('a branch that no node is on comes last, whatever its height', () => {
  expect(shape(treeOf('a0', 'a1<a0', 'b1<a0', 'b2<b1'), ['a1'])).toEqual(['a1 a0', 'b2 b1 dead'])
})

test('is bounded: low blocks are forgotten, and not taken again', () => {
  const { devnetHeightsKept, devnetBlocksKept } = NODE_LIMITS
  const tree = new BlockTree()
  for (let height = 0; height <= 1_000; height += 1) {
    tree.add(block(`a${height}`, height === 0 ? null : `a${height - 1}`, height))
  }
  expect(tree.branches(['a1000'])[0]?.blocks.length).toBe(devnetHeightsKept)
  tree.add(block('b5', 'a4', 5))
  expect(tree.get('b5')).toBe(undefined)
  for (let index = 0; index < 5_000; index += 1) tree.add(block(`x${index}`, 'a999', 1_000))
  const { length } = tree.branches([]).flatMap(({ blocks }) => blocks)
  expect(length).toBeLessThanOrEqual(devnetBlocksKept)
  expect(tree.get('x4999')).toBeDefined()
})
