import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes } from '@pulseledger/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c, maskCrc32c } from '../../../src/store/level/crc32c.ts'
import { examineLog, findLogDamage } from '../../../src/store/level/write-ahead-log.ts'
import { temporaryDirectory } from '../../support/store-places.ts'

/** Where the damage is that sound commits follow. */
function findHole(log: Uint8Array): number | undefined {
  const { damagedAt, isHole } = examineLog(log)
  return isHole ? damagedAt : undefined
}

const BLOCK = 32_768
const HEADER = 7

describe('the write-ahead log', () => {
  test('without damage has no hole, whatever the sizes of its commits', () => {
    fc.assert(
      fc.property(sizes, (lengths) => {
        const log = writeLog(lengths.map(commitOf))
        expect(readAsLevelDb(log)).toHaveLength(lengths.length)
        expect(findHole(log)).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  test('that a crash cut off anywhere has no hole', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (lengths, cut) => {
        const log = writeLog(lengths.map(commitOf))
        expect(findHole(log.subarray(0, cut % (log.length + 1)))).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  test('whose last commit was torn by a power cut, page by page, has no hole', () => {
    const sound = [100, 40_000, 500].map(commitOf)
    const start = writeLog(sound).length
    const log = writeLog([...sound, commitOf(120_000, 3)])
    for (let page = Math.ceil(start / 4_096); page * 4_096 < log.length; page++) {
      const torn = log.slice()
      torn.fill(0, page * 4_096, (page + 1) * 4_096)
      expect(readAsLevelDb(torn)).toHaveLength(3)
      expect(findHole(torn)).toBeUndefined()
    }
  })

  test('that would lose a commit and keep a later one has a hole', () => {
    let holes = 0
    fc.assert(
      fc.property(sizes, fc.nat(), (lengths, bit) => {
        const commits = lengths.map(commitOf)
        const log = writeLog(commits)
        const at = bit % (8 * log.length)
        log[at >> 3] = (log[at >> 3] as number) ^ (1 << (at & 7))

        const kept = readAsLevelDb(log).map((commit) => commit[0])
        const keptFromTheStart = kept.every((number, i) => number === commits[i]?.[0])
        if (keptFromTheStart) return
        holes += 1
        expect(findHole(log)).toBeLessThanOrEqual(at >> 3)
      }),
      { numRuns: 200 },
    )
    expect(holes).toBeGreaterThan(10)
  })

  test('damaged within one block has a hole when the fragment after the damage is sound', () => {
    const commits = [100, 100, 100].map(commitOf)
    const log = writeLog(commits)
    log[HEADER + 5] = 0xee
    // LevelDB would drop all three, so none would be missing in the middle; but two of them are still
    // readable.
    expect(readAsLevelDb(log)).toEqual([])
    expect(findHole(log)).toBe(0)
  })

  test('damaged in its last commit alone has no hole: the anchor tells whether that was confirmed', () => {
    const log = writeLog([100, 100, 100].map(commitOf))
    log[log.length - 1] = 0xee
    expect(findHole(log)).toBeUndefined()
  })
})

describe('two write-ahead logs', () => {
  const sound = writeLog([100, 100].map(commitOf))
  const torn = sound.subarray(0, sound.length - 1)

  function logs(files: Record<string, Uint8Array>): string {
    const directory = temporaryDirectory()
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes)
    return directory
  }

  test('have a hole when the end of the older is damaged and the newer has begun', () => {
    const directory = logs({ '000003.log': torn, '000007.log': sound })
    expect(findLogDamage(directory, 3).hole).toBe(
      `000003.log is damaged at byte ${sound.length / 2}, before commits that were made later`,
    )
  })

  test('have none when the older is left over from a crash that was recovered from', () => {
    const directory = logs({ '000003.log': torn, '000007.log': sound })
    expect(findLogDamage(directory, 4)).toEqual({ hole: undefined, torn: [] })
  })

  test('have none when the newer is empty or cut off itself', () => {
    const empty = logs({ '000003.log': torn, '000007.log': new Uint8Array(0) })
    expect(findLogDamage(empty, 0)).toEqual({ hole: undefined, torn: ['000003.log'] })
    const cut = logs({ '000003.log': torn, '000007.log': sound.subarray(0, 50) })
    expect(findLogDamage(cut, 0)).toEqual({ hole: undefined, torn: ['000003.log', '000007.log'] })
  })

  test('have none when both are sound; other files are not looked at', () => {
    const directory = logs({ '000003.log': sound, '000007.log': sound, LOG: torn, '000005.ldb': torn })
    expect(findLogDamage(directory, 0)).toEqual({ hole: undefined, torn: [] })
  })

  test('are torn too when the last commit is cut off between two fragments', () => {
    const directory = logs({ '000003.log': writeLog([40_000].map(commitOf)).subarray(0, BLOCK) })
    expect(findLogDamage(directory, 0)).toEqual({ hole: undefined, torn: ['000003.log'] })
  })
})

/** Several blocks in all, so that commits end anywhere within them. */
const sizes = fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 40_000 })), {
  minLength: 1,
  maxLength: 12,
})

/** Its first byte is its number, so that commits can be told apart. */
function commitOf(length: number, number: number): Uint8Array {
  return new Uint8Array(length + 1).fill(number)
}

/** As LevelDB's log writer: doc/log_format.md. */
function writeLog(commits: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = []
  let position = 0
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes)
    position += bytes.length
  }
  for (const commit of commits) {
    for (let done = 0, first = true; first || done < commit.length; first = false) {
      const left = BLOCK - (position % BLOCK)
      if (left < HEADER) add(new Uint8Array(left))
      const room = BLOCK - (position % BLOCK) - HEADER
      const content = commit.subarray(done, done + room)
      done += content.length
      const last = done === commit.length
      add(fragment(first ? (last ? 1 : 2) : last ? 4 : 3, content))
    }
  }
  return concatBytes(...parts)
}

function fragment(type: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + content.length)
  bytes.set(content, HEADER)
  bytes[6] = type
  new DataView(bytes.buffer).setUint16(4, content.length, true)
  new DataView(bytes.buffer).setUint32(0, maskCrc32c(crc32c(bytes.subarray(6))), true)
  return bytes
}

/** As LevelDB 1.20's log reader when it recovers: what is damaged is dropped with the rest of its block. */
function readAsLevelDb(log: Uint8Array): Uint8Array[] {
  const commits: Uint8Array[] = []
  let open: Uint8Array[] | undefined
  for (let start = 0; start < log.length; start += BLOCK) {
    const block = log.subarray(start, start + BLOCK)
    for (let at = 0; block.length - at >= HEADER; ) {
      const view = new DataView(block.buffer, block.byteOffset + at)
      const end = at + HEADER + view.getUint16(4, true)
      const type = view.getUint8(6)
      if (end > block.length && block.length < BLOCK) return commits
      const stored = end <= block.length && view.getUint32(0, true)
      if (stored !== maskCrc32c(crc32c(block.subarray(at + 6, end)))) {
        open = undefined
        break
      }
      const content = block.subarray(at + HEADER, end)
      if (type === 1) commits.push(content)
      open = type === 2 ? [content] : type === 1 ? undefined : open && [...open, content]
      if (type === 4 && open) commits.push(concatBytes(...open))
      if (type === 4) open = undefined
      at = end
    }
  }
  return commits
}
