import { spawn } from 'node:child_process'
import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { NODE_LIMITS } from '../../src/limits.ts'
import { Printer } from '../../src/terminal/printer.ts'
import { FakeNode } from '../support/fake-node.ts'
import { keepingLogger } from '../support/log.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

/** A stdout that takes a chunk only when the test lets it. */
class SlowOutput extends Writable {
  text = ''
  #release: (() => void)[] = []
  open: boolean

  constructor(open: boolean) {
    super({ decodeStrings: false })
    this.open = open
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    const take = () => {
      this.text += chunk
      done()
    }
    if (this.open) take()
    else this.#release.push(take)
  }

  release(): void {
    this.open = true
    for (const take of this.#release.splice(0)) take()
  }
}

function printing({ json = false, colour = false, open = true } = {}) {
  const clock = new VirtualClock()
  const node = new FakeNode(clock)
  const logger = keepingLogger()
  const output = new SlowOutput(open)
  const printer = new Printer({ service: node, clock, logger, output, json, colour })
  return { clock, node, logger, output, printer }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is looked for.
const SGR = /\x1b\[\d+m/g

const bpm = (value: number) => ({ measure: 'bpm', value })
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('on a terminal', () => {
  test('the banner names ledger, head, addresses and the command to type next; genesis follows', () => {
    const { printer, node, output } = printing()
    const [measure, temperature] = node.document.measures
    printer.start([
      { host: '127.0.0.1', port: 9000, measure: measure! },
      { host: '::1', port: 9001, measure: temperature!, subject: 'ward-2' },
    ])
    expect(output.text).toBe(`pulseledger  ward  b280d41a
  ledger    b280d41aeb995be37ebe7594ca13036fefa9d29b194015a137077017bbe0e947 (longest-chain)
  head      #0 of 2026-11-22 11:16:30Z, 0 readings
  terminal  127.0.0.1:9000  BPM
  terminal  [::1]:9001  Temperature  ward-2

In another terminal, type:
  nc localhost 9000

genesis #0  b280d41aeb995be37ebe7594ca13036fefa9d29b194015a137077017bbe0e947
  name      ward
  time      2026-11-22T11:16:30.000Z
  engine    longest-chain, final after 2000 blocks
  measure   bpm: BPM 0..500 /min
  measure   temperature: Temperature 30..45 Cel

`)
  })

  test('an address of the network is named as it is', () => {
    const { printer, node, output } = printing()
    printer.start([{ host: '192.0.2.7', port: 9000, measure: node.document.measures[0]! }])
    expect(output.text).toContain('  nc 192.0.2.7 9000\n')
  })

  test('each event is a line as it comes', () => {
    const { printer, node, output } = printing()
    printer.start([])
    const before = output.text.length
    const block = node.add([bpm(72)])
    node.add([bpm(80), { ...bpm(81), subject: 'ward-2' }, bpm(82), bpm(83)])
    node.emit({ kind: 'block-disconnected', block })
    node.emit({ kind: 'alarm', error: { code: 'BLOCK_BELOW_FINAL', message: 'a fork at #3' } })
    expect(output.text.slice(before)).toBe(
      [
        '#1      2026-11-22 11:16:33Z  72 BPM                cabdbdfa  <- b280d41a',
        '#2      2026-11-22 11:16:33Z  4 readings: 80 BPM, 81 BPM ward-2, 82 BPM, ...  3c2001aa  <- cabdbdfa',
        '#1 cabdbdfa left the chain: another branch won',
        'alarm BLOCK_BELOW_FINAL: a fork at #3. Decide which history stays; on the nodes of the other one ' +
          'run `pulseledger rejoin`. See docs/ARCHITECTURE.md, "Finality".',
        '',
      ].join('\n'),
    )
  })

  test('colours change nothing but colours', () => {
    const texts = [true, false].map((colour) => {
      const { printer, node, output } = printing({ colour })
      printer.start([])
      node.add([bpm(72)])
      return output.text
    })
    expect(texts[0]).toContain('\x1b[')
    expect(texts[0]?.replaceAll(SGR, '')).toBe(texts[1])
  })
})

test('for a machine every line is a JSON object', () => {
  const { printer, node, output } = printing({ json: true, colour: true })
  printer.start([{ host: '127.0.0.1', port: 9000, measure: node.document.measures[0]! }])
  const block = node.add([bpm(72)])
  node.emit({ kind: 'block-disconnected', block })
  node.emit({ kind: 'alarm', error: { code: 'BLOCK_BELOW_FINAL', message: 'a fork' } })
  const lines = output.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ event }) => event)).toEqual(['started', 'block', 'block', 'disconnected', 'alarm'])
  expect(lines[0].addresses).toEqual(['127.0.0.1:9000'])
})

describe('a slow stdout', () => {
  test('is not waited for, and what waits for it has a bound', async () => {
    const { printer, node, output } = printing({ open: false })
    printer.start([])
    for (let count = 0; count < 30_000; count++) node.add([bpm(count % 500)])
    expect(output.writableLength).toBeLessThan(NODE_LIMITS.printerQueueBytesMax + 1_000)
    output.release()
    await turn()
    const lines = output.text.trimEnd().split('\n')
    const shown = lines.filter((line) => line.startsWith('#')).length
    expect(lines.at(-1)).toBe(
      `... ${(30_000 - shown).toLocaleString('en-GB')} events not shown: this output is read too slowly`,
    )
    node.add([bpm(72)])
    expect(output.text).toMatch(/#30001 .*\n$/)
  })

  test('is told in JSON what was skipped, too', async () => {
    const { printer, node, output } = printing({ open: false, json: true })
    printer.start([])
    for (let count = 0; count < 5_000; count++) node.add([bpm(count % 500)])
    output.release()
    await turn()
    const lines = output.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const blocks = lines.filter(({ event }) => event === 'block').length
    expect(lines.at(-1)).toEqual({ event: 'skipped', count: 5_001 - blocks })
  })

  test('stop waits for it, but not for ever', async () => {
    const { printer, clock } = printing({ open: false })
    printer.start([])
    const stopped = printer.stop()
    clock.advance(NODE_LIMITS.printerDrainMs)
    await stopped
  })

  test('stop resolves as soon as all has left, twice', async () => {
    const { printer, clock, node, output } = printing()
    printer.start([])
    await printer.stop()
    await printer.stop()
    expect(clock.timerCount).toBe(0)
    expect(node.listenerCount).toBe(0)
    const before = output.text
    node.add([bpm(72)])
    expect(output.text).toBe(before)
  })
})

describe('a stdout that is gone', () => {
  test('costs one warning, and the node goes on', async () => {
    const { printer, node, logger, output } = printing()
    printer.start([])
    output.destroy(new Error('write EPIPE'))
    await turn()
    node.add([bpm(72)])
    expect(node.listenerCount).toBe(0)
    expect(logger.lines).toMatchObject([
      { level: 'warn', message: 'stdout is closed: the node goes on and prints no more' },
    ])
    await printer.stop()
  })

  test('does not end a process that prints into a closed pipe', async () => {
    const support = new URL('../support/printing-process.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [support], { stdio: ['pipe', 'pipe', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (text) => {
      errors += text
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.stdout.destroy()
    child.stdin.end()
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect(errors).toBe('the node is still up\n')
    expect(code).toBe(0)
  })
})
