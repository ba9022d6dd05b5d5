import { createEngine, type Engine } from '@pulseledger/core'
import { solve } from '../../../core/test/support/search.ts'
import { reseal } from '../verify/support.ts'
import type { TestBlock, TestChain } from './chain.ts'

/** Proof of work that takes a test a few hashes, and whose difficulty changes every other block. */
export const WORK = {
  name: 'proof-of-work',
  finalDepth: 5,
  intervalMs: 10,
  window: 2,
  difficulty: 16,
  difficultyMinimum: 4,
}

function engineOf(chain: TestChain): Engine {
  const engine = createEngine(chain.document, chain.crypto)
  if (!engine.ok) throw new Error(engine.error.message)
  return engine.value
}

/** A block of one entry on `parent`, with a seal that was worked for; `spoil` changes it before that. */
export function mined(chain: TestChain, parent: TestBlock, spoil = (seal: Uint8Array) => seal): TestBlock {
  const engine = engineOf(chain)
  const made = chain.block(parent, ['ann'])
  const { header } = made.block
  const template = {
    parent: parent.block.header,
    producer: header.producer,
    entryCount: 1,
    time: header.time,
  }
  const prepared = engine.prepare(template)
  if (prepared?.kind !== 'work') throw new Error('no work is asked for')
  const seal = spoil(prepared.seal)
  const { seal: solved } = solve({ ...header, seal }, seal.subarray(0, 32), chain.crypto)
  const sealed = reseal(chain, made, { seal: solved })
  return { ...sealed, weight: parent.weight + engine.weight(sealed.block.header) }
}

/** The same, with a nonce that does no work. */
export function unworked(chain: TestChain, parent: TestBlock): TestBlock {
  const good = mined(chain, parent)
  for (let nonce = 0; ; nonce++) {
    const seal = good.block.header.seal.map((byte, i) => (i === 47 ? nonce : byte))
    const bad = { ...reseal(chain, good, { seal }), weight: good.weight }
    if (!engineOf(chain).verifyAlone(bad.block).ok) return bad
  }
}

/** A chain of `count` such blocks, without genesis. */
export function minedChain(chain: TestChain, count: number): TestBlock[] {
  const blocks: TestBlock[] = []
  while (blocks.length < count) blocks.push(mined(chain, blocks.at(-1) ?? chain.genesis))
  return blocks
}
