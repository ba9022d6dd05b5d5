/**
 * Where blocks take work, each block that a node stores has done it: the digest of its header is at most its
 * target, its target and its window time are those that docs/spec/proof-of-work.md asks for, and its chain
 * weighs what it says. All nodes run the same code, so a rule that is wrong in it is one on which they agree:
 * only somebody who reads the spec anew would notice. So nothing here calls the product's functions. Edges of
 * windows are looked up among the ancestors, which the product never does, and their times are read there.
 */
import { type Block, keyOf } from '@pulseledger/core'
import type { MemoryDisk } from 'pulseledger/simulation'
import type { Observation } from '../node/observation.ts'
import type { Checker, CheckerContext } from './checker.ts'

const NAME = 'work'

const SEAL_BYTES = 48
/** Where the window time and the nonce begin in a seal. */
const WINDOW_TIME_AT = 32
const NONCE_AT = 40

const ALL = 1n << 256n
const LEAST_TARGET = (1n << 128n) - 1n

/** The part of the genesis document that the rule is about, with its time. */
interface Rule {
  readonly window: number
  readonly intervalMs: number
  readonly difficulty: number
  readonly difficultyMinimum: number
  readonly genesisTime: number
}

interface Due {
  readonly target: bigint
  readonly windowTime: number
}

export class Work implements Checker {
  readonly name = NAME
  readonly #context: CheckerContext
  readonly #rule: Rule | undefined

  constructor(context: CheckerContext) {
    this.#context = context
    const { engine, time } = context.rules.document
    if (engine.name === 'proof-of-work') this.#rule = { ...engine, genesisTime: time } as unknown as Rule
  }

  observe(observation: Observation): void {
    if (observation.kind !== 'committed' || this.#rule === undefined) return
    const { node, change } = observation
    for (const { block, weight } of change.blocks) {
      const fault = this.#faultOf(block, weight, node.disk, this.#rule)
      if (fault === undefined) continue
      const message = `block ${block.header.height} on its disk ${fault}`
      this.#context.report({ invariant: NAME, node: node.name, message })
    }
  }

  #faultOf(block: Block, weight: bigint, disk: MemoryDisk, rule: Rule): string | undefined {
    const { seal } = block.header
    if (seal.length !== SEAL_BYTES) return `has a seal of ${seal.length} bytes`
    const target = targetIn(block)
    const digest = this.#digest(block)
    if (digest > target) return `has the digest ${hex(digest)}; at most ${hex(target)} is allowed`
    const due = dueOf(block, disk, rule)
    if (due === undefined) return 'stands on a block that is not there'
    if (target !== due.target) return `has the target ${hex(target)}; ${hex(due.target)} is asked for`
    const windowTime = Number(integerOf(seal.subarray(WINDOW_TIME_AT, NONCE_AT)))
    if (windowTime !== due.windowTime) return `has the window time ${windowTime}; ${due.windowTime} is right`
    const parent = disk.blocks.get(keyOf(parentHash(block)))
    const total = (parent?.weight ?? 0n) + ALL / (target + 1n)
    return weight === total ? undefined : `ends a chain that is said to weigh ${weight}; it is ${total}`
  }

  /** SHA-256 of the header with zeros for the nonce, filled up to a multiple of 64, and then the nonce. */
  #digest({ header: { seal }, headerBytes }: Block): bigint {
    const prefix = new Uint8Array(64 * Math.ceil(headerBytes.length / 64))
    prefix.set(headerBytes)
    const sealAt = Buffer.from(headerBytes).indexOf(seal)
    prefix.fill(0, sealAt + NONCE_AT, sealAt + SEAL_BYTES)
    return integerOf(this.#context.crypto.sha256(Buffer.concat([prefix, seal.subarray(NONCE_AT)])))
  }
}

/** What the block must say. The target of the window before is taken from its last block. */
function dueOf(block: Block, disk: MemoryDisk, rule: Rule): Due | undefined {
  const { window, intervalMs, genesisTime } = rule
  const firstHeight = block.header.height - ((block.header.height - 1) % window)
  if (firstHeight === 1) return { target: ALL / BigInt(rule.difficulty) - 1n, windowTime: genesisTime }
  const edge = ancestor(block, firstHeight - 1, disk)
  const before = edge && ancestor(edge, firstHeight - 1 - window, disk)
  if (edge === undefined || before === undefined) return undefined
  const beganAt = before.header.height === 0 ? genesisTime : before.header.time
  const expected = BigInt(window * intervalMs)
  // In quarters of a millisecond, as the least that counts is a quarter of what is expected.
  let elapsed = 4n * BigInt(edge.header.time - beganAt)
  if (elapsed < expected) elapsed = expected
  if (elapsed > 16n * expected) elapsed = 16n * expected
  let target = ((targetIn(edge) + 1n) * elapsed) / (4n * expected) - 1n
  const greatest = ALL / BigInt(rule.difficultyMinimum) - 1n
  if (target > greatest) target = greatest
  if (target < LEAST_TARGET) target = LEAST_TARGET
  return { target, windowTime: edge.header.time }
}

/** Step by step; undefined when one of them is missing. */
function ancestor(block: Block, height: number, disk: MemoryDisk): Block | undefined {
  let at: Block | undefined = block
  while (at !== undefined && at.header.height > height) at = disk.blocks.get(keyOf(parentHash(at)))?.block
  return at
}

function parentHash({ header: { parent } }: Block): Uint8Array {
  return parent ?? new Uint8Array()
}

function targetIn({ header: { seal } }: Block): bigint {
  return integerOf(seal.subarray(0, WINDOW_TIME_AT))
}

/** Big-endian. */
function integerOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** The first half of 256 bits: the rest never matters. */
function hex(value: bigint): string {
  return value.toString(16).padStart(64, '0').slice(0, 32)
}
