import type { Scheduler } from '../../kernel/scheduler.ts'
import { settled } from '../../kernel/settled.ts'

/** Lets time pass, as World does it. */
export async function pass(scheduler: Scheduler, ms: number): Promise<void> {
  const until = scheduler.now + ms
  await settled()
  for (let task = scheduler.take(until); task; task = scheduler.take(until)) {
    task.run()
    await settled()
  }
}
