/** Defects of the program that this one grew out of: those that only the real process can show to be gone. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ChainReading, readingsOf, statusOf } from './support/chain-of.ts'
import type { BlockEvent } from './support/node-process.ts'
import { confirmationsIn, SERIAL_PROMPT, serialLedger } from './support/serials.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()

/** As they stand in the tutorial's table of defects. */
const LOST_READING =
  'The tip is read outside the lock: two clients typing at once can silently lose one reading'
const ALIKE_HASHES =
  'The hash input turns numbers into characters, so every negative or out-of-range BPM hashes alike'

test('Everything is lost on restart; the genesis hash is empty and differs on each node', async () => {
  const directory = world.directory()
  const first = await world.start({ directory })
  const genesis = await first.node.waitForBlock(0)
  expect(genesis.hash).toMatch(/^[0-9a-f]{64}$/)
  const client = await world.connect(first.port)
  await client.readUntilPrompt()
  for (const bpm of [72, 80, 65]) await client.ask(String(bpm))
  const blocks = [1, 2, 3].map((height) => first.node.waitForBlock(height))
  const { hash: head } = (await Promise.all(blocks)).at(-1) as BlockEvent
  await first.node.kill()

  const second = await world.start({ directory })
  expect((await second.node.waitForBlock(0)).hash).toBe(genesis.hash)
  expect((await readingsOf(directory)).map(({ value }) => value)).toEqual([72, 80, 65])
  expect(Buffer.from((await statusOf(directory)).head.hash).toString('hex')).toBe(head)
  const again = await world.connect(second.port)
  await again.readUntilPrompt()
  expect(await again.ask('66')).toMatch(/^#4 66 BPM stored in block [0-9a-f]{8}\n$/)
})

test('nodes that begin with one genesis document have one genesis hash', async () => {
  const hashes: string[] = []
  for (let count = 0; count < 2; count += 1) {
    const directory = world.directory()
    const path = join(directory, 'ward.json')
    writeFileSync(path, JSON.stringify({ name: 'ward-2', time: 1_767_225_600_000, salt: '00'.repeat(16) }))
    const { node } = await world.start({ directory, args: ['--genesis', path] })
    hashes.push((await node.waitForBlock(0)).hash)
  }
  expect(hashes[0]).toBe(hashes[1])
})

test(LOST_READING, async () => {
  const directory = world.directory()
  const { port } = await world.start({ directory, args: serialLedger(directory) })
  const clients = await Promise.all([world.connect(port, 'a'), world.connect(port, 'b')])
  const rounds = 100
  for (const client of clients) await client.readUntilPrompt(SERIAL_PROMPT)
  const told: ChainReading[] = []
  for (let round = 0; round < rounds; round += 1) {
    const answers = await Promise.all(
      clients.map((client, index) => client.ask(String(2 * round + index), SERIAL_PROMPT)),
    )
    for (const { value, height, hash } of answers.flatMap(confirmationsIn)) {
      told.push({ value, height, hash, measure: 'serial' })
    }
  }
  expect(told).toHaveLength(2 * rounds)
  const byValue = (a: ChainReading, b: ChainReading) => a.value - b.value
  expect((await readingsOf(directory)).toSorted(byValue)).toEqual(told.toSorted(byValue))
})

test(ALIKE_HASHES, async () => {
  const directory = world.directory()
  const { node, port } = await world.start({ directory, args: serialLedger(directory) })
  const client = await world.connect(port)
  await client.readUntilPrompt(SERIAL_PROMPT)
  // Go's string(n) gives U+FFFD for all of these: negative, a surrogate, beyond Unicode.
  const values = [-5, -6, 0xd800, 0xdfff, 1_114_112, 1_114_113, 0xfffd]
  for (const value of values) {
    expect(await client.ask(String(value), SERIAL_PROMPT)).toMatch(
      new RegExp(`^#\\d+ ${value} Serial stored`),
    )
  }
  const blocks = await Promise.all(values.map((_, index) => node.waitForBlock(index + 1)))
  expect(blocks.map(({ readings }) => readings.map(({ value }) => value))).toEqual(
    values.map((value) => [value]),
  )
  expect(new Set(blocks.map(({ hash }) => hash)).size).toBe(values.length)
  expect(await client.ask('verify', SERIAL_PROMPT)).toContain('every hash, signature and link is right')
})
