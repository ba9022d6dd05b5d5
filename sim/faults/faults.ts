import { adversary } from '../byzantine/adversary.ts'
import type { FaultKind } from '../scenario/scenario.ts'
import { clockJump, skew } from './clocks.ts'
import { diskFull, readError, slowDisk, syncError } from './disks.ts'
import type { Fault } from './fault.ts'
import { clog, delay, duplicates, loss } from './network.ts'
import { half, isolate, oneWay, swizzle } from './partitions.ts'
import { hashPower } from './power.ts'
import { crash, pause, restart, wipe } from './processes.ts'

/** Every fault by its name; `tiny-limits` is a property of the nodes and needs nothing done. */
export const FAULT_BY_KIND: Readonly<Record<FaultKind, Fault>> = {
  loss,
  duplicates,
  delay,
  clog,
  half,
  isolate,
  'one-way': oneWay,
  swizzle,
  crash,
  restart,
  pause,
  wipe,
  skew,
  'clock-jump': clockJump,
  'disk-full': diskFull,
  'read-error': readError,
  'sync-error': syncError,
  'slow-disk': slowDisk,
  'hash-power': hashPower,
  'tiny-limits': () => () => {},
  'bad-blocks': adversary('bad-blocks'),
  'bad-entries': adversary('bad-entries'),
  equivocation: adversary('equivocation'),
  withholding: adversary('withholding'),
  'lying-status': adversary('lying-status'),
  flood: adversary('flood'),
}
