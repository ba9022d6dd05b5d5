/** Hunts bugs: each in a process of its own, which loads the product once with the bug planted in it. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Bug, ZooChoice } from './bug.ts'

/** THREATS test 18. */
export const SEEDS_MAX = 500

/** The longest hunt. Some bugs make the product go round in circles, which no seed would end. */
const HUNT_MS_MAX = 600_000

/** As many as this machine has cores to spare. */
const HUNTS_AT_A_TIME = 2

const PLANT = new URL('./plant.ts', import.meta.url)
const HUNTER = new URL('./hunter.ts', import.meta.url)

/** What a process of hunter.ts is told. */
export interface Job {
  readonly firstSeed: number
  readonly lastSeed: number
  /** All of them count when it is left out. */
  readonly foundBy?: readonly string[]
  readonly choice?: ZooChoice
}

/** What it answers. */
export interface Catch {
  readonly found:
    | { readonly seed: number; readonly invariant: string; readonly node: string; readonly message: string }
    | undefined
  /** Violations that did not count, by invariant. */
  readonly others: Readonly<Record<string, number>>
}

export interface HuntReport {
  readonly bug: string
  /** Of the seed that found it; undefined when none did. */
  readonly seeds: number | undefined
  readonly invariant: string | undefined
  readonly message: string | undefined
  /** Violations that did not count, by invariant. */
  readonly others: Readonly<Record<string, number>>
}

/** Runs seeds from 1 on with the bug planted until one of its invariants breaks. */
export async function huntBug({ name, foundBy, choice }: Bug, seedsMax = SEEDS_MAX): Promise<HuntReport> {
  const job = { firstSeed: 1, lastSeed: seedsMax, foundBy, ...(choice && { choice }) }
  const { found, others } = await send(job, name)
  const { seed: seeds, invariant, message } = found ?? {}
  return { bug: name, seeds, invariant, message, others }
}

/** The product as it is over these seeds: whatever breaks is a bug that nobody planted. */
export function huntNothing(firstSeed: number, lastSeed: number, choice?: ZooChoice): Promise<Catch> {
  return send({ firstSeed, lastSeed, ...(choice && { choice }) })
}

interface HuntWatch {
  /** Time that passes, ms. */
  readonly now: () => number
  readonly onReport: (report: HuntReport, tookMs: number) => void
}

/** Two at a time; results in the order of `bugs`. One that could not be hunted counts as not found. */
export async function huntAll(bugs: readonly Bug[], { now, onReport }: HuntWatch): Promise<HuntReport[]> {
  const reports: HuntReport[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let i = next++; i < bugs.length; i = next++) {
      const bug = bugs[i] as Bug
      const startedAt = now()
      const report = await huntBug(bug).catch((error) => failed(bug, error))
      reports[i] = report
      onReport(report, now() - startedAt)
    }
  }
  await Promise.all(Array.from({ length: HUNTS_AT_A_TIME }, work))
  return reports
}

/** Rejects when the bug could not be planted, or the hunt did not end. */
async function send(job: Job, bugName?: string): Promise<Catch> {
  const planting = bugName === undefined ? [] : ['--import', `${PLANT.href}?bug=${bugName}`]
  const args = [...planting, fileURLToPath(HUNTER), JSON.stringify(job)]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: HUNT_MS_MAX }, (error, stdout, stderr) => {
      if (error) reject(new Error(`the hunt for ${bugName ?? 'nothing'} failed: ${stderr || error.message}`))
      else resolve(JSON.parse(stdout) as Catch)
    })
  })
}

function failed({ name }: Bug, { message }: Error): HuntReport {
  return { bug: name, seeds: undefined, invariant: undefined, message, others: {} }
}
