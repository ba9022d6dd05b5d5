import type { Bug } from './bug.ts'
import { ANSWER_BUGS } from './bugs/answers.ts'
import { CHAIN_BUGS } from './bugs/chain.ts'
import { DURABILITY_BUGS } from './bugs/durability.ts'
import { EXCHANGE_BUGS } from './bugs/exchange.ts'
import { HOSTILE_BUGS } from './bugs/hostile.ts'
import { PENDING_BUGS } from './bugs/pending.ts'
import { SYNC_BUGS } from './bugs/sync.ts'
import { WORK_BUGS } from './bugs/work.ts'

/** Every bug that the simulator must find. */
export const BUGS: readonly Bug[] = [
  ...DURABILITY_BUGS,
  ...PENDING_BUGS,
  ...ANSWER_BUGS,
  ...CHAIN_BUGS,
  ...SYNC_BUGS,
  ...EXCHANGE_BUGS,
  ...HOSTILE_BUGS,
  ...WORK_BUGS,
]

/** Throws when there is none of that name. */
export function bugNamed(name: string): Bug {
  const bug = BUGS.find((candidate) => candidate.name === name)
  if (bug === undefined) throw new Error(`no bug in the zoo is named "${name}"`)
  return bug
}
