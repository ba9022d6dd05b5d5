/**
 * Members of the network that do not keep to the rules, each in one way. They act as anybody can who speaks
 * the protocol: they publish, ask and answer, with keys of their own. They know what is on the disks of
 * honest nodes, which is more than a stranger would, and touch nothing of it.
 *
 * What an attack does is good for a fault of the chaos alone: its members are gone when that is over, so that
 * what they left behind is what the honest nodes must cope with.
 */
import type { Fault } from '../faults/fault.ts'
import type { Attack } from '../scenario/scenario.ts'
import { badBlocks } from './attacks/bad-blocks.ts'
import { badEntries } from './attacks/bad-entries.ts'
import { equivocation } from './attacks/equivocation.ts'
import { flood } from './attacks/flood.ts'
import { lyingStatus } from './attacks/lying-status.ts'
import { withholding } from './attacks/withholding.ts'
import type { Plan } from './tools.ts'

const PLANS: Readonly<Record<Attack, Plan>> = {
  'bad-blocks': badBlocks,
  'bad-entries': badEntries,
  equivocation,
  withholding,
  'lying-status': lyingStatus,
  flood,
}

export function adversary(attack: Attack): Fault {
  return (tools) => {
    const { world, chance } = tools
    const { ledgerId } = world.genesis.rules
    const shop = { crypto: world.crypto, ledgerId, chance, now: () => world.now }
    return PLANS[attack]({ ...tools, shop })
  }
}
