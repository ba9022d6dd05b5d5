import { PassThrough, Writable } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/clock.ts'
import { type Keyboard, runLive } from '../../src/devnet/live.ts'
import { ENTER_SCREEN, LEAVE_SCREEN } from '../../src/devnet/redraw.ts'
import { eventually } from '../support/eventually.ts'
import { type FakeDevnet, fakeDevnet, isAlive } from './support/fake-devnet.ts'

let made: FakeDevnet | undefined

afterEach(async () => {
  await made?.remove()
  made = undefined
})

class FakeDisplay extends Writable {
  text = ''
  columns = 80
  rows = 24

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** Both nodes of it. */
async function serving({ devnet }: FakeDevnet): Promise<void> {
  await eventually(() => [1, 2].every((node) => devnet.cluster.terminalPortOf(node) !== undefined)).toBe(true)
}

function open(fake: FakeDevnet) {
  const modes: boolean[] = []
  const keyboard: PassThrough & Keyboard = Object.assign(new PassThrough(), {
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  })
  const display = new FakeDisplay()
  const interrupt = Promise.withResolvers<void>()
  const done = runLive({
    devnet: fake.devnet,
    keyboard,
    display,
    colour: false,
    clock: systemClock,
    interrupted: interrupt.promise,
  })
  return { modes, keyboard, display, interrupt, done }
}

test('draws what happens, obeys keys, and gives the terminal back', async () => {
  made = fakeDevnet(2)
  const { devnet, lines } = made
  const { modes, keyboard, display, done } = open(made)
  expect(display.text.startsWith(ENTER_SCREEN)).toBe(true)
  await serving(made)
  keyboard.write('\t72\r')
  await eventually(() => lines.some((line) => line.startsWith('stored 2 72 #1 '))).toBe(true)
  await eventually(() => display.text).toContain('stored 2 72 #1 ')
  keyboard.write('p')
  await eventually(() => display.text).toContain('network 1 | 2')
  keyboard.write('k')
  await eventually(() => devnet.model.node(2).state).toEqual({ kind: 'down', how: 'killed' })
  keyboard.write('k')
  await eventually(() => display.text).toContain('node 2 does not run')
  display.columns = 100
  display.rows = 10
  display.emit('resize')
  const pid = devnet.cluster.pidOf(1) as number
  keyboard.write('q')
  await done
  expect(isAlive(pid)).toBe(false)
  expect(display.text.endsWith(LEAVE_SCREEN)).toBe(true)
  expect(display.text.split(LEAVE_SCREEN)).toHaveLength(2)
  expect(modes).toEqual([true, false])
})

test('Ctrl-C twice does not wait for nodes that do not want to stop', async () => {
  made = fakeDevnet(2, { modeOf: () => 'stubborn' })
  const { lines } = made
  const { keyboard, done } = open(made)
  await serving(made)
  keyboard.write('\x03')
  await eventually(() => lines).toContain('stopping all nodes (Ctrl-C: at once)')
  keyboard.write('\x03')
  await done
  expect(lines).toContain('node 1 killed')
})

test('an interrupt ends it, and so does a node that cannot start', async () => {
  made = fakeDevnet(2)
  const first = open(made)
  await serving(made)
  first.interrupt.resolve()
  await first.done
  await made.remove()

  made = fakeDevnet(2, { modeOf: (node) => (node === 1 ? 'fail' : '') })
  const second = open(made)
  await expect(second.done).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
  expect(second.display.text.endsWith(LEAVE_SCREEN)).toBe(true)
  expect(made.devnet.cluster.pidOf(2)).toBe(undefined)
})

test('quitting at once leaves nothing open', async () => {
  made = fakeDevnet(5)
  const { devnet, lines } = made
  const { keyboard, done } = open(made)
  keyboard.write('q')
  await done
  expect([1, 2, 3, 4, 5].map((node) => devnet.cluster.pidOf(node))).toEqual(Array(5).fill(undefined))
  expect(lines.filter((line) => line.includes('starting'))).toEqual([])
})
