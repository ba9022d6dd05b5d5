import { Acknowledged } from './acknowledged.ts'
import { AfterFailure } from './after-failure.ts'
import { BestHead } from './best-head.ts'
import { Caps } from './caps.ts'
import type { Checker, CheckerContext } from './checker.ts'
import { FinalPrefix } from './final-prefix.ts'
import { HonestPeers } from './honest-peers.ts'
import { NoCrash } from './no-crash.ts'
import { Proofs } from './proofs.ts'
import { Receipts } from './receipts.ts'
import { Responsive } from './responsive.ts'
import { SameState } from './same-state.ts'
import { Told } from './told.ts'
import { Work } from './work.ts'

/** Every checker that looks on during a run. `convergence` and `recovery` are asked by run.ts. */
export function checkersOf(context: CheckerContext): readonly Checker[] {
  return [
    new NoCrash(context),
    new AfterFailure(context),
    new Acknowledged(context),
    new Receipts(context),
    new SameState(context),
    new Told(context),
    new BestHead(context),
    new Work(context),
    new FinalPrefix(context),
    new HonestPeers(context),
    new Caps(context),
    new Proofs(context),
    new Responsive(context),
  ]
}
