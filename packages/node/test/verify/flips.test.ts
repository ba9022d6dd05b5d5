/**
 * Issue 2, acceptance 5: one flipped bit anywhere in a data directory is found, or changes nothing.
 *
 * A directory is copied, one bit of one of its files is flipped, and the copy is opened and verified as the
 * command does it. Either opening or verifying reports it, or every answer of the store is as before: such
 * bits are in files and parts of files that LevelDB does not read, as its text log.
 *
 * PULSELEDGER_FLIPS sets how many bits are flipped in all, PULSELEDGER_FLIP_SEED which; the name of a failing
 * flip is its whole recipe.
 */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { NodeFailure } from '../../src/ports.ts'
import { append, moveHead, store as storeBeside, type TestBlock, TestChain } from '../support/chain.ts'
import { contentOf, type Known } from './content.ts'
import { inDatabase, storeIn, temporaryDirectories } from './level-support.ts'
import { verify } from './support.ts'

const FLIPS = Number(process.env.PULSELEDGER_FLIPS ?? 210)
const SEED = Number(process.env.PULSELEDGER_FLIP_SEED ?? 1)

const directories = temporaryDirectories()
const AUTHORS = ['ann', 'ben', 'cleo', 'dan', 'eve', 'fay', 'gus']

/** 200 blocks of seven authors, a side branch every 20, a reorg of three blocks, two entries that wait. */
async function makeLedger(): Promise<{
  changes: Parameters<ReturnType<typeof storeIn>['commit']>[0][]
  known: Known
}> {
  const chain = new TestChain('flips', { document: { engine: { name: 'longest-chain', finalDepth: 20 } } })
  const changes = [append(chain.genesis)]
  const known = [chain.genesis]
  const grow = (parent: TestBlock, names: string[]): TestBlock => {
    const block = chain.block(parent, names)
    known.push(block)
    return block
  }
  let head = chain.genesis
  for (let height = 1; height <= 200; height++) {
    const names = Array.from({ length: 1 + (height % 4) }, (_, i) => AUTHORS[(height + 3 * i) % 7] as string)
    if (height % 20 === 10) changes.push(storeBeside(grow(head, ['hal'])))
    head = grow(head, names)
    changes.push(append(head))
    if (height !== 150) continue
    const waiting = [chain.entry('ida', 0), chain.entry('ida', 1)]
    const lost = chain.block(head, waiting)
    const won = grow(head, ['ann'])
    known.push(lost)
    changes.push(append(lost))
    head = grow(won, ['ben'])
    changes.push(moveHead(lost, head, [won, head], { pendingAdd: waiting }))
  }
  return { changes, known: { blocks: known, authors: [chain.author('ida'), chain.author('hal')] } }
}

const { changes, known } = await makeLedger()

/** How far the data is from LevelDB's write-ahead log into its tables. */
const VARIANTS = {
  log: [changes],
  tables: [changes, 'compact'],
  both: [changes.slice(0, 150), 'compact', changes.slice(150, 180), changes.slice(180)],
} as const

async function makeDirectory(
  steps: readonly (readonly (typeof changes)[number][] | 'compact')[],
): Promise<string> {
  const directory = directories.empty()
  for (const step of steps) {
    if (step === 'compact') {
      const [from, to] = [Uint8Array.of(), new Uint8Array(80).fill(0xff)]
      await inDatabase(directory, (database) => database.compactRange(from, to))
      continue
    }
    const store = storeIn(directory)
    await store.open()
    for (const change of step) await store.commit(change)
    await store.close()
  }
  return directory
}

/** mulberry32: 0 <= x < 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Flip {
  readonly file: string
  readonly offset: number
  readonly bit: number
}

/**
 * Every other flip hits any byte alike, and the rest any file alike: the small ones are the most delicate.
 */
function chooseFlip(files: readonly { name: string; size: number }[], seed: number): Flip {
  const random = randomOf(seed)
  const byFile = random() < 0.5
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let at = Math.floor(random() * (byFile ? files.length : total))
  let file = files[0] as { name: string; size: number }
  if (byFile) file = files[at] as typeof file
  else {
    for (file of files) {
      if (at < file.size) break
      at -= file.size
    }
  }
  return { file: file.name, offset: Math.floor(random() * file.size), bit: Math.floor(random() * 8) }
}

function filesIn(directory: string): { name: string; size: number }[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return names
    .map((name) => ({ name, stats: statSync(join(directory, name)) }))
    .filter(({ stats }) => stats.isFile() && stats.size > 0)
    .map(({ name, stats }) => ({ name, size: stats.size }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

type Outcome = 'not opened' | 'reported' | 'harmless' | `WRONG: ${string}`

async function outcomeOf(directory: string, content: string): Promise<Outcome> {
  const store = storeIn(directory)
  try {
    await store.open()
  } catch (error) {
    const isClear = error instanceof NodeFailure && ['STORE_DAMAGED', 'STORE_FORMAT'].includes(error.code)
    return isClear ? 'not opened' : `WRONG: it does not open with ${error}`
  }
  try {
    const { ok } = await verify(store)
    if (!ok) return 'reported'
    return (await contentOf(store, known)) === content
      ? 'harmless'
      : 'WRONG: verified, and not what was stored'
  } catch (error) {
    return `WRONG: verifying throws ${error}`
  } finally {
    await store.close()
  }
}

describe('one flipped bit in a data directory', () => {
  test.each(Object.entries(VARIANTS))(
    'is found or changes nothing: data in %s',
    async (name, steps) => {
      const original = await makeDirectory(steps)
      const files = filesIn(original)
      const untouched = storeIn(directories.copyOf(original))
      await untouched.open()
      const content = await contentOf(untouched, known)
      expect((await verify(untouched)).problems).toEqual([])
      await untouched.close()

      const counts = new Map<Outcome, number>()
      const wrong: string[] = []
      const directory = directories.empty()
      for (let i = 0; i < Math.ceil(FLIPS / 3); i++) {
        rmSync(directory, { recursive: true })
        cpSync(original, directory, { recursive: true })
        const flip = chooseFlip(files, SEED * 1_000_003 + i)
        const bytes = readFileSync(join(directory, flip.file))
        bytes[flip.offset] = (bytes[flip.offset] as number) ^ (1 << flip.bit)
        writeFileSync(join(directory, flip.file), bytes)

        const outcome = await outcomeOf(directory, content)
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
        const { bit, offset, file } = flip
        const recipe = `seed ${SEED}, flip ${i}, ${name}: bit ${bit} of byte ${offset} of ${file}`
        if (outcome.startsWith('WRONG')) wrong.push(`${outcome}; ${recipe}`)
      }
      if (process.env.PULSELEDGER_FLIPS) console.log(name, counts)
      expect(wrong).toEqual([])
      // Most of the bytes are data: were most flips harmless, this would not look at what it should.
      const found = (counts.get('not opened') ?? 0) + (counts.get('reported') ?? 0)
      expect(found).toBeGreaterThan(FLIPS / 3 / 2)
    },
    3_600_000,
  )
})
