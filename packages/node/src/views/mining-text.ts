/**
 * Mining as lines for people: `block #13 of 3 readings: 50M hashes, some 5 s at 9.8 MH/s; 12.3M tried`.
 */
import type { MiningSearch, MiningStatus } from '../ports.ts'

const UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E']
/** Beyond it nobody waits, and nothing is gained from knowing how long it would be. */
const DAYS_MAX = 999

/** `9.81M`, `50M`, `123`: three digits, from 1,000 on with a unit. */
function countText(count: number): string {
  let power = 0
  let rest = count
  while (rest >= 999.5 && power < UNITS.length - 1) {
    rest /= 1_000
    power += 1
  }
  return `${Number(rest.toPrecision(3))}${UNITS[power]}`
}

/** `9.81 MH/s`. */
function rateText(hashesPerSecond: number): string {
  const [, number, unit] = /^([0-9.e+]+)(.*)$/.exec(countText(hashesPerSecond)) ?? []
  return `${number} ${unit}H/s`
}

/** What the node's miner does. */
export function miningText(mining: MiningStatus): string {
  const { threads, search } = mining
  if (threads === 0) return 'off: blocks are left to other nodes'
  const using = `${threads} ${threads === 1 ? 'thread' : 'threads'}`
  if (search !== undefined) return `${searchText(mining, search)}, ${using}`
  const rate = mining.hashesPerSecond > 0 ? `; ${rateText(mining.hashesPerSecond)} last` : ''
  return `at rest, ${using}${rate}`
}

/** What is searched for, how long it takes at this rate, and what was tried. */
export function searchText({ hashesPerSecond }: MiningStatus, search: MiningSearch): string {
  const { height, entryCount, difficulty, tried } = search
  const readings = `${entryCount} ${entryCount === 1 ? 'reading' : 'readings'}`
  const duration = secondsText(difficulty / hashesPerSecond)
  const rate = hashesPerSecond > 0 ? `, some ${duration} at ${rateText(hashesPerSecond)}` : ''
  const sofar = tried > 0 ? `; ${countText(tried)} tried` : ''
  return `block #${height} of ${readings}: ${countText(difficulty)} hashes${rate}${sofar}`
}

function secondsText(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`
  const days = Math.round(seconds / 86_400)
  return days > DAYS_MAX ? 'years' : `${days} days`
}
