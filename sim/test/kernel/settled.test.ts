import { describe, expect, test } from 'vitest'
import { settled, turnOver } from '../../kernel/settled.ts'

/** Settles after so many promises, each of which waits for the one before. */
async function chain(length: number): Promise<void> {
  for (let i = 0; i < length; i++) await undefined
}

/** The same, each of them within the one before. */
async function nested(depth: number): Promise<void> {
  if (depth > 0) await nested(depth - 1)
}

describe('when it is settled', () => {
  test.each([
    ['a chain of 1,000 promises', () => chain(1_000)],
    ['1,000 nested promises', () => nested(1_000)],
    [
      'promises that resolve with promises',
      () => Promise.resolve().then(() => chain(100).then(() => chain(100))),
    ],
    ['what waits for all of many', () => Promise.all([chain(1), chain(500), nested(50)])],
    [
      'what waits for a failure',
      () =>
        chain(100)
          .then(() => Promise.reject(new Error('no')))
          .catch(() => {}),
    ],
    ['microtasks', () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)))],
  ])('%s is over', async (_, start) => {
    await settled()
    let isOver = false
    void start().then(() => {
      isOver = true
    })
    expect(isOver).toBe(false)
    await settled()
    expect(isOver).toBe(true)
  })

  test('everything is over each time, in a loop as World runs it', async () => {
    await settled()
    for (let i = 0; i < 500; i++) {
      let isOver = false
      void chain(i).then(() => {
        isOver = true
      })
      await settled()
      expect(isOver).toBe(true)
      if (i % 100 === 0) await turnOver()
    }
  })

  test('what needs a task of its own is not', async () => {
    await settled()
    let isOver = false
    const timer = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      isOver = true
    })
    await settled()
    expect(isOver).toBe(false)
    await timer
  })
})

describe('when a turn is over', () => {
  test('all of that is settled, and a rejection that nobody handles has been reported', async () => {
    const listeners = process.listeners('unhandledRejection')
    const reasons: unknown[] = []
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (reason) => reasons.push(reason))
    try {
      void chain(100).then(() => Promise.reject(new Error('nobody cares')))
      await settled()
      await turnOver()
      expect(reasons).toMatchObject([{ message: 'nobody cares' }])
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const listener of listeners) process.on('unhandledRejection', listener)
    }
  })
})
