/**
 * Virtual time: what is to happen, in the order of its time and, at the same time, of its making. Nothing
 * happens between two tasks, so a simulated day takes as long as its tasks.
 *
 * A task belongs to an owner, such as one life of a node's process. A paused owner's tasks wait, in their
 * order; a dead one's never run. So a stopped or killed process needs no help from the code that runs in it.
 */
import type { Clock } from 'pulseledger/simulation'

export class Owner {
  readonly name: string
  isDead = false
  /** Tasks whose time came while it was paused; undefined while it is not. */
  held: Task[] | undefined

  constructor(name: string) {
    this.name = name
  }
}

export interface Task {
  at: number
  order: number
  readonly owner: Owner
  readonly run: () => void
  isCancelled: boolean
}

export class Scheduler {
  readonly #heap: Task[] = []
  #order = 0
  #now: number

  /** `now`: ms since 1970. */
  constructor(now: number) {
    this.#now = now
  }

  get now(): number {
    return this.#now
  }

  /** Tasks that wait, those that will never run included. */
  get size(): number {
    return this.#heap.length
  }

  /** Runs `run` after `delayMs`; the returned function cancels it. */
  after(delayMs: number, owner: Owner, run: () => void): () => void {
    this.#order += 1
    const task = { at: this.#now + Math.max(0, delayMs), order: this.#order, owner, run, isCancelled: false }
    this.#push(task)
    return () => {
      task.isCancelled = true
    }
  }

  /** Removes and returns the next task, at most at `until`, and makes it that time; undefined without one. */
  take(until: number): Task | undefined {
    for (let next = this.#heap[0]; next && next.at <= until; next = this.#heap[0]) {
      this.#pop()
      if (next.isCancelled || next.owner.isDead) continue
      this.#now = Math.max(this.#now, next.at)
      if (next.owner.held === undefined) return next
      next.owner.held.push(next)
    }
    this.#now = Math.max(this.#now, until)
    return undefined
  }

  /** From now on the tasks of this owner wait. */
  pause(owner: Owner): void {
    owner.held ??= []
  }

  /** They run now, in the order of their times. */
  resume(owner: Owner): void {
    const held = owner.held ?? []
    owner.held = undefined
    for (const task of held) {
      // Made anew, so that they keep the order of their times: at one time the order of making decides.
      this.#order += 1
      task.order = this.#order
      task.at = this.#now
      this.#push(task)
    }
  }

  #push(task: Task): void {
    const heap = this.#heap
    let i = heap.length
    heap.push(task)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(task, heap[parent] as Task)) break
      heap[i] = heap[parent] as Task
      i = parent
    }
    heap[i] = task
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Task
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child += 1
      if (!isBefore(heap[child] as Task, last)) break
      heap[i] = heap[child] as Task
      i = child
    }
    heap[i] = last
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** Time as one process sees it: right in its pace, wrong by `skewMs`. */
export class SimClock implements Clock {
  readonly #scheduler: Scheduler
  readonly #owner: Owner
  readonly #skewMs: () => number

  constructor(scheduler: Scheduler, owner: Owner, skewMs: () => number = () => 0) {
    this.#scheduler = scheduler
    this.#owner = owner
    this.#skewMs = skewMs
  }

  now(): number {
    return this.#scheduler.now + this.#skewMs()
  }

  after(delayMs: number, task: () => void): () => void {
    return this.#scheduler.after(delayMs, this.#owner, task)
  }
}
