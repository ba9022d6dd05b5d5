/**
 * The theory of retargeting that measurements are compared with: a chain of nothing but times. Blocks come as
 * a Poisson process, each has the time of its draft or one past the median of the eleven before, and after
 * each window the difficulty is changed. Of the product it shares no line.
 *
 * In a steady state without lies there is a closed form. A window of W blocks takes G, a mean of W
 * exponential gaps, of what it should, and so the next one has the difficulty 1/G: it takes G'/G, which is
 * F-distributed with 2W and 2W degrees of freedom. Its mean is W / (W - 1): what a window measures is noise
 * in part, a window that was fast by chance makes the next one slow by more than a slow one makes it fast.
 */
import type { Chance } from '../kernel/chance.ts'
import { type Course, WINDOW } from './windows.ts'

export interface ModelRule {
  /**
   * Whether a window is measured from the last block of the one before. Otherwise it is from its own first
   * block, as Bitcoin does, so that what is false at the end of a window is never made good.
   */
  readonly sharesEdges: boolean
}

const CLAMP = 4
const MEDIAN_BLOCKS = 11
/** A draft is made anew when something is pending that it has not, and later when its time is old. */
const REFRESH_MS = 1_000
const AGE_MS = 5_000

/** Of each window the time from block to block, as a multiple of what it should be. */
export function modelWindows(course: Course, rule: ModelRule, chance: Chance): number[] {
  const { intervalMs, windows, powerAt } = course
  const due = WINDOW * intervalMs
  const chain = new ModelChain(course, chance)
  const intervals: number[] = []
  let difficulty = 1
  let edge = 0
  for (let window = 0; window < windows; window++) {
    const startedAt = chain.now
    const gapMs = (difficulty * intervalMs) / powerAt(window)
    const first = chain.add(gapMs)
    let last = first
    for (let i = 1; i < WINDOW; i++) last = chain.add(gapMs)
    intervals.push((chain.now - startedAt) / due)
    const measured = rule.sharesEdges ? (last - edge) / due : (last - first) / (due - intervalMs)
    difficulty /= Math.min(CLAMP, Math.max(1 / CLAMP, measured))
    edge = last
  }
  return intervals
}

class ModelChain {
  now = 0
  readonly #liar: Course['liar']
  readonly #chance: Chance
  readonly #times = [0]
  #height = 0

  constructor({ liar }: Course, chance: Chance) {
    this.#liar = liar
    this.#chance = chance
  }

  /** One block more; returns the time that it says. */
  add(gapMs: number): number {
    const gap = -Math.log(1 - this.#chance.share()) * gapMs
    this.now += gap
    this.#height += 1
    const liar = this.#liar
    const skewMs = liar && this.#chance.happens(liar.share) ? liar.skewMs(this.#height) : 0
    const draftAge = gap < REFRESH_MS ? gap : (gap - REFRESH_MS) % AGE_MS
    const sorted = [...this.#times].sort((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0
    const time = Math.max(this.now - draftAge + skewMs, median + 1)
    this.#times.push(time)
    if (this.#times.length > MEDIAN_BLOCKS) this.#times.shift()
    return time
  }
}
