import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Owner, Scheduler, SimClock } from '../../kernel/scheduler.ts'

const START = 1_000

/** Runs everything up to `until`, as World does, and tells what ran when. */
function ran(scheduler: Scheduler, until: number): string[] {
  const seen: string[] = []
  for (let task = scheduler.take(until); task; task = scheduler.take(until)) {
    task.run()
    seen.push(`${scheduler.now} ${task.owner.name}`)
  }
  return seen
}

function noTask(): void {}

describe('tasks', () => {
  test('run in the order of their time, and of their making at the same time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (delays) => {
        const scheduler = new Scheduler(START)
        for (const [i, delay] of delays.entries()) scheduler.after(delay, new Owner(`${i}`), noTask)
        const expected = [...delays.entries()].sort(([i, a], [j, b]) => a - b || i - j)
        expect(ran(scheduler, START + 9)).toEqual(expected.map(([i, delay]) => `${START + delay} ${i}`))
        expect(scheduler.size).toBe(0)
      }),
    )
  })

  test('that tasks make run in the same order, those for now after those that were made before', () => {
    const scheduler = new Scheduler(START)
    const seen: string[] = []
    const add = (delay: number, name: string, run: () => void = noTask): void =>
      void scheduler.after(delay, new Owner(name), () => {
        seen.push(`${scheduler.now} ${name}`)
        run()
      })
    add(5, 'first', () => {
      add(0, 'now')
      add(1, 'later')
      add(-7, 'overdue')
    })
    add(5, 'second')
    add(6, 'third')
    ran(scheduler, START + 10)
    expect(seen).toEqual([
      '1005 first',
      '1005 second',
      '1005 now',
      '1005 overdue',
      '1006 third',
      '1006 later',
    ])
  })

  test('do not run when they were cancelled, before or by a task at the same time', () => {
    const scheduler = new Scheduler(START)
    scheduler.after(1, new Owner('cancelled'), noTask)()
    let cancel = noTask
    scheduler.after(2, new Owner('canceller'), () => cancel())
    cancel = scheduler.after(2, new Owner('too late'), noTask)
    expect(ran(scheduler, START + 5)).toEqual(['1002 canceller'])
    expect(noTask).not.toThrow()
  })

  test('of an owner that is dead never run, and those of others do', () => {
    const scheduler = new Scheduler(START)
    const owner = new Owner('mortal')
    scheduler.after(1, owner, noTask)
    scheduler.after(2, new Owner('killer'), () => {
      owner.isDead = true
    })
    scheduler.after(2, owner, noTask)
    scheduler.after(3, owner, noTask)
    scheduler.after(4, new Owner('other'), noTask)
    expect(ran(scheduler, START + 9)).toEqual(['1001 mortal', '1002 killer', '1004 other'])
    scheduler.after(1, owner, noTask)
    expect(ran(scheduler, START + 99)).toEqual([])
  })
})

describe('time', () => {
  test('is that of the task that runs, and of the end when there is none left', () => {
    const scheduler = new Scheduler(START)
    scheduler.after(5, new Owner('a'), noTask)
    scheduler.after(50, new Owner('b'), noTask)
    expect(scheduler.take(START + 4)).toBeUndefined()
    expect(scheduler.now).toBe(START + 4)
    expect(scheduler.take(START + 20)?.owner.name).toBe('a')
    expect(scheduler.now).toBe(START + 5)
    expect(scheduler.take(START + 20)).toBeUndefined()
    expect(scheduler.now).toBe(START + 20)
  })

  test('never goes back, also when asked for what is over', () => {
    const scheduler = new Scheduler(START)
    expect(scheduler.take(START - 100)).toBeUndefined()
    expect(scheduler.now).toBe(START)
  })

  test('is wrong on a clock by its skew, and right in its pace', () => {
    const scheduler = new Scheduler(START)
    let skewMs = 300
    const clock = new SimClock(scheduler, new Owner('clock'), () => skewMs)
    const seen: number[] = []
    clock.after(10, () => seen.push(clock.now()))
    const cancel = clock.after(20, () => seen.push(clock.now()))
    clock.after(30, () => seen.push(clock.now()))
    cancel()
    expect(clock.now()).toBe(START + 300)
    skewMs = -300
    expect(ran(scheduler, START + 50)).toEqual(['1010 clock', '1030 clock'])
    expect(seen).toEqual([START + 10 - 300, START + 30 - 300])
    expect(new SimClock(scheduler, new Owner('right')).now()).toBe(scheduler.now)
  })
})

describe('a paused owner', () => {
  function paused(): { readonly scheduler: Scheduler; readonly owner: Owner; readonly seen: string[] } {
    const scheduler = new Scheduler(START)
    const owner = new Owner('paused')
    const seen: string[] = []
    for (const name of ['a', 'b']) scheduler.after(5, owner, () => seen.push(`${scheduler.now} ${name}`))
    scheduler.after(9, owner, () => seen.push(`${scheduler.now} c`))
    scheduler.pause(owner)
    return { scheduler, owner, seen }
  }

  test('runs nothing, while the others do and time passes', () => {
    const { scheduler, seen } = paused()
    scheduler.after(7, new Owner('other'), noTask)
    expect(ran(scheduler, START + 8)).toEqual(['1007 other'])
    expect([scheduler.now, seen]).toEqual([START + 8, []])
  })

  test('runs what was missed when it goes on, at that time, and the rest when it is due', () => {
    const { scheduler, owner, seen } = paused()
    ran(scheduler, START + 8)
    scheduler.resume(owner)
    ran(scheduler, START + 20)
    expect(seen).toEqual(['1008 a', '1008 b', '1009 c'])
  })

  test('that is paused and goes on again twice runs everything once', () => {
    const { scheduler, owner, seen } = paused()
    scheduler.pause(owner)
    ran(scheduler, START + 6)
    scheduler.pause(owner)
    scheduler.resume(owner)
    scheduler.pause(owner)
    ran(scheduler, START + 12)
    expect(seen).toEqual([])
    scheduler.resume(owner)
    scheduler.resume(owner)
    ran(scheduler, START + 20)
    expect(seen).toEqual(['1012 a', '1012 b', '1012 c'])
  })

  test('that dies meanwhile, or whose task is cancelled, does not run it', () => {
    const { scheduler, owner, seen } = paused()
    const cancel = scheduler.after(6, owner, () => seen.push('cancelled'))
    ran(scheduler, START + 7)
    cancel()
    scheduler.resume(owner)
    ran(scheduler, START + 8)
    expect(seen).toEqual(['1007 a', '1007 b'])
    scheduler.pause(owner)
    ran(scheduler, START + 12)
    owner.isDead = true
    scheduler.resume(owner)
    expect(ran(scheduler, START + 20)).toEqual([])
  })

  test('runs what it missed in the order of the times, not of the making', () => {
    const scheduler = new Scheduler(START)
    const owner = new Owner('paused')
    const seen: string[] = []
    scheduler.after(9, owner, () => seen.push('made first, due second'))
    scheduler.after(5, owner, () => seen.push('made second, due first'))
    scheduler.pause(owner)
    ran(scheduler, START + 20)
    scheduler.resume(owner)
    ran(scheduler, START + 20)
    expect(seen).toEqual(['made second, due first', 'made first, due second'])
  })
})
