/**
 * Looks for holes in LevelDB's write-ahead log, before LevelDB reads it.
 *
 * When LevelDB opens and meets a fragment that does not fit its checksum, it drops the rest of the block
 * without a word, goes on with the next, and then deletes the log: a flipped bit would take some blocks out
 * of the middle of a ledger and leave those after them. (Its option paranoid_checks would stop it;
 * classic-level cannot set it.)
 *
 * What a crash cuts off looks the same, but only at the end: every commit is synced before the next is
 * written. So damage before the beginning of a later commit is damage to something that was durable. Damage
 * at the end is left to LevelDB, and to the anchor, which knows whether it was confirmed; until then the log
 * is kept (kept-logs.ts).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BLOCK_BYTES, fragmentAt, HEADER_BYTES, TYPE } from './log-format.ts'

export interface LogDamage {
  /** One sentence about the first hole, undefined when there is none. */
  readonly hole: string | undefined
  /** Names of the logs of which LevelDB would drop the end, ascending; of no meaning when there is a hole. */
  readonly torn: readonly string[]
}

/**
 * Logs before `firstNumber` are left over from crashes. A crash while the older of two logs is being turned
 * into a table leaves both in use.
 */
export function findLogDamage(ledgerDirectory: string, firstNumber: number): LogDamage {
  const numbered = readdirSync(ledgerDirectory).filter((name) => /^\d+\.log$/.test(name))
  const names = numbered.filter((name) => Number.parseInt(name, 10) >= firstNumber).sort()
  const torn: string[] = []
  let damage: string | undefined
  for (const name of names) {
    const found = examineLog(readFileSync(join(ledgerDirectory, name)))
    if (damage !== undefined && found.begins) return { hole: damage, torn }
    if (found.damagedAt !== undefined || !found.isFinished) torn.push(name)
    if (found.damagedAt === undefined) continue
    damage = `${name} is damaged at byte ${found.damagedAt}, before commits that were made later`
    if (found.isHole) return { hole: damage, torn }
  }
  return { hole: undefined, torn }
}

interface LogExamination {
  /** Offset of the first damage. */
  readonly damagedAt: number | undefined
  /** Whether the beginning of a sound commit comes after the damage. */
  readonly isHole: boolean
  /** Whether the beginning of a sound commit is in the log at all. */
  readonly begins: boolean
  /** Whether the last commit that began also ends. */
  readonly isFinished: boolean
}

export function examineLog(log: Uint8Array): LogExamination {
  let damagedAt: number | undefined
  let begins = false
  let isFinished = true
  for (let start = 0; start < log.length; start += BLOCK_BYTES) {
    const block = log.subarray(start, start + BLOCK_BYTES)
    for (let at = 0; block.length - at >= HEADER_BYTES; ) {
      const { type, end, isSound } = fragmentAt(block, at)
      if (isSound && (type === TYPE.full || type === TYPE.first)) {
        begins = true
        if (damagedAt !== undefined) return { damagedAt, isHole: true, begins, isFinished }
      }
      if (isSound) isFinished = type === TYPE.full || type === TYPE.last
      else {
        damagedAt ??= start + at
        // Where a damaged fragment says that it ends may be wrong; what is there must be sound to be
        // believed, or the rest of the block is passed over, as LevelDB does.
        if (block.length - end < HEADER_BYTES || !fragmentAt(block, end).isSound) break
      }
      at = end
    }
  }
  return { damagedAt, isHole: false, begins, isFinished }
}
