/** Shows how far a long simulation is: one line that changes on a terminal, else one every ten seconds. */
import { decimal, plural, whole } from '../../report/words.ts'
import { everyWallMs } from '../wall-clock.ts'
import type { Walk } from './walk.ts'

export interface Screen {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

const TERMINAL_MS = 500
const LOG_MS = 10_000

/** Clears a line of a terminal and goes to its begin. ECMA-48: EL, CR. */
const ERASE = '\u001b[2K\r'

/** The returned function ends it. `elapsedMs`: of real time. */
export function showProgress(walk: Walk, screen: Screen, elapsedMs: () => number): () => void {
  const show = (): void => {
    const line = progressLine(walk, elapsedMs())
    screen.write(screen.isTTY === true ? ERASE + line : `${line}\n`)
  }
  const end = everyWallMs(screen.isTTY === true ? TERMINAL_MS : LOG_MS, show)
  return () => {
    end()
    if (screen.isTTY === true) screen.write(ERASE)
  }
}

export function progressLine(walk: Walk, elapsedMs: number): string {
  const { simulatedMs, eventCount } = walk.figures
  const seconds = Math.floor(elapsedMs / 1_000)
  const hours = simulatedMs / 3_600_000
  return [
    `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`,
    plural(walk.doneCount, 'seed'),
    `${decimal(hours, 1)} h simulated`,
    `${decimal(hours / (elapsedMs / 60_000), 1)} h/min`,
    `${whole(eventCount / (elapsedMs / 1_000))} events/s`,
    plural(walk.violationCount, 'violation'),
  ].join('  ')
}
