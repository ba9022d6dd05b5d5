import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import type { MiningStatus, NetworkStatus, Receipt } from '../../src/ports.ts'
import { Patience } from '../../src/terminal/patience.ts'
import { type ReceiptHolder, ReceiptWatch } from '../../src/terminal/receipt-watch.ts'
import { TerminalServer } from '../../src/terminal/server.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { SocketClient, until } from '../support/replay.ts'
import { SessionDriver } from '../support/session-driver.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const PROMPT = 'Enter a new BPM:'
const CATCHING_UP: NetworkStatus = {
  peerCount: 1,
  addresses: [],
  sync: { kind: 'catching-up', height: 120, target: 10_000 },
  mayProduce: true,
}

const MINING = {
  threads: 1,
  hashesPerSecond: 10_000_000,
  search: { height: 1, entryCount: 1, difficulty: 50_000_000, tried: 9_000_000 },
}

function waiting({ mining }: { mining?: MiningStatus } = {}) {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  node.mining = mining
  return { clock, node, driver: new SessionDriver(node, clock, { atOnce: false }) }
}

function receipt(height: number, id = 1): Receipt {
  const [entryId, blockHash] = [id, 0x3f].map((byte) => new Uint8Array(32).fill(byte))
  return { entryId: entryId!, height, blockHash: blockHash!, index: 0 }
}

describe('a reading that is not answered', () => {
  test('is explained once, after a while, and answered in the end', () => {
    const { clock, node, driver } = waiting()
    node.network = CATCHING_UP
    driver.send('72\n')
    clock.advance(NODE_LIMITS.answerPatienceMs - 1)
    expect(driver.output).toBe(PROMPT)
    clock.advance(1)
    const explained = `${PROMPT}catching up (120 of 10000): your reading waits\n`
    expect(driver.output).toBe(explained)
    driver.send('73\n')
    clock.advance(10 * NODE_LIMITS.answerPatienceMs)
    expect(driver.output).toBe(explained)
    driver.settle()
    expect(driver.output).toMatch(/waits\n#1 72 BPM stored in block \w+\nEnter a new BPM:#2 73 BPM stored/)
    expect(clock.timerCount).toBe(0)
  })

  test('is explained again when all were answered and another one waits', () => {
    const { clock, node, driver } = waiting()
    node.network = CATCHING_UP
    for (const value of [72, 73]) {
      driver.send(`${value}\n`)
      clock.advance(NODE_LIMITS.answerPatienceMs)
      driver.settle()
    }
    expect(driver.output.match(/your reading waits/g)).toHaveLength(2)
  })

  test('is not explained while readings are answered, however many follow one another', () => {
    const { clock, node, driver } = waiting()
    node.network = CATCHING_UP
    driver.send('60\n')
    for (let value = 61; value < 80; value++) {
      driver.send(`${value}\n`)
      clock.advance(NODE_LIMITS.answerPatienceMs / 2)
      driver.settle(1)
    }
    expect(driver.output).not.toContain('waits')
  })

  test.each([
    [undefined, 'no block has taken it yet: your reading waits'],
    [
      { ...CATCHING_UP, peerCount: 0, sync: { kind: 'synced' }, mayProduce: false } as const,
      'no node that may make blocks is connected: your reading waits',
    ],
  ])('is explained by what there is (%#)', (network, line) => {
    const { clock, node, driver } = waiting()
    node.network = network
    driver.send('72\n')
    clock.advance(NODE_LIMITS.answerPatienceMs)
    expect(driver.output).toBe(`${PROMPT}${line}\n`)
  })

  test('that is mined is told of after a second, and every five seconds with what was tried', () => {
    const { clock, node, driver } = waiting({ mining: MINING })
    driver.send('72\n')
    clock.advance(NODE_LIMITS.miningPatienceMs)
    const line = 'mining block #1 of 1 reading: 50M hashes, some 5 s at 10 MH/s'
    expect(driver.output).toBe(`${PROMPT}${line}; 9M tried\n`)
    node.mining = { ...MINING, search: { ...MINING.search, tried: 59_000_000 } }
    clock.advance(NODE_LIMITS.miningPatienceAgainMs - 1)
    expect(driver.output).not.toContain('59M')
    clock.advance(1)
    driver.settle()
    expect(driver.output).toMatch(/9M tried\nmining .*; 59M tried\n#1 72 BPM stored in block \w+\nEnter/)
    expect(clock.timerCount).toBe(0)
  })

  test('that is mined holds up no node that stops: its writer is told, and nothing is waited for', () => {
    const { clock, driver } = waiting({ mining: MINING })
    driver.send('72\n73\n')
    driver.step({ kind: 'stop' })
    expect(driver.closed).toBe(true)
    const line = (value: number) =>
      `${value} BPM is in no block yet: look for it with "chain" once the node is up\n`
    expect(driver.output).toContain(`${line(72)}${PROMPT}${line(73)}`)
    expect(driver.output).toMatch(/The node is stopping: what was confirmed is stored. Goodbye.\n$/)
    expect(clock.timerCount).toBe(0)
  })

  test('on a node that does not mine and has no network waits for somebody to change that', () => {
    const { clock, driver } = waiting({ mining: { threads: 0, hashesPerSecond: 0, search: undefined } })
    driver.send('72\n')
    clock.advance(NODE_LIMITS.miningPatienceMs)
    expect(driver.output).toBe(`${PROMPT}this node does not mine: your reading waits\n`)
  })

  test('leaves no timer behind when the connection is closed', () => {
    const { clock, driver } = waiting()
    driver.send('72\n')
    driver.step({ kind: 'stop' })
    expect(driver.patienceMs).toBeNull()
    expect(clock.timerCount).toBe(0)
  })

  test('nothing is set for what is answered at once', () => {
    const patience = new Patience()
    expect(patience.steer(true)).toBeUndefined()
    patience.begin(1)
    expect(patience.steer(true)).toEqual({ kind: 'patience', afterMs: NODE_LIMITS.answerPatienceMs })
    patience.end(1)
    expect(patience.steer(true)).toEqual({ kind: 'patience', afterMs: null })
    expect(patience.expired()).toBe(false)
  })
})

describe('a reading that moved', () => {
  test('is told on a line of its own, and the prompt comes back', () => {
    const { driver } = waiting()
    driver.step({ kind: 'moved', receipt: receipt(13), value: 72 })
    expect(driver.output).toBe(`${PROMPT}\n72 BPM moved to block #13 3f3f3f3f\n${PROMPT}`)
  })

  test('with a line in flight brings no second prompt', () => {
    const { driver } = waiting()
    driver.send('73\n')
    driver.step({ kind: 'moved', receipt: receipt(13), value: 72 })
    driver.settle()
    expect(driver.output).toMatch(
      /:\n72 BPM moved to block #13 3f3f3f3f\n#1 73 BPM stored in block \w+\nEnter/,
    )
    expect(driver.output.match(/Enter a new BPM:/g)).toHaveLength(2)
  })

  test('is told to whom it was confirmed, and to nobody else', async () => {
    const clock = new VirtualClock()
    const node = new FakeNode(clock)
    const ports = [{ host: '127.0.0.1', port: 0 }]
    const server = new TerminalServer({ service: node, clock, logger: keepingLogger(), ports })
    const [address] = await server.start()
    const [one, other] = [new SocketClient(address!.port), new SocketClient(address!.port)]
    one.send('72\n')
    await one.sees('stored')
    other.send('80\n')
    await other.sees('stored')
    const { entries, hash: blockHash } = node.chain[1]!
    const moved = { entryId: entries[0]!.id, height: 13, blockHash, index: 0 }
    node.emit({ kind: 'receipt-withdrawn', entryId: moved.entryId })
    node.emit({ kind: 'receipt-moved', receipt: moved })
    await one.sees('\n72 BPM moved to block #13 cabdbdfa\nEnter a new BPM:')
    // It may move once more.
    node.emit({ kind: 'receipt-moved', receipt: { ...moved, height: 14 } })
    await one.sees('72 BPM moved to block #14')
    other.send('status\n')
    await other.sees('terminals')
    expect(other.output).not.toContain('moved')
    one.end()
    other.end()
    await until(() => server.connectionCount === 0)
    node.emit({ kind: 'receipt-moved', receipt: moved })
    await server.stop()
    expect(node.listenerCount).toBe(0)
  })
})

describe('who is watched', () => {
  class Holder implements ReceiptHolder {
    readonly told: string[] = []
    moved({ height }: Receipt, value: number): void {
      this.told.push(`${value} to ${height}`)
    }
  }
  const id = (n: number) => receipt(0, n).entryId

  test('are the latest readings of all terminals', () => {
    const watch = new ReceiptWatch(2)
    const holder = new Holder()
    for (const n of [1, 2, 3]) watch.told(id(n), holder, 70 + n)
    for (const n of [1, 2, 3]) watch.onEvent({ kind: 'receipt-moved', receipt: receipt(9, n) })
    expect(holder.told).toEqual(['72 to 9', '73 to 9'])
    expect(watch.size).toBe(2)
  })

  test('are not those who left', () => {
    const watch = new ReceiptWatch()
    const [gone, here] = [new Holder(), new Holder()]
    watch.told(id(1), gone, 71)
    watch.told(id(2), here, 72)
    watch.left(gone)
    watch.left(gone)
    for (const n of [1, 2]) watch.onEvent({ kind: 'receipt-moved', receipt: receipt(9, n) })
    expect([gone.told, here.told, watch.size]).toEqual([[], ['72 to 9'], 1])
  })
})
