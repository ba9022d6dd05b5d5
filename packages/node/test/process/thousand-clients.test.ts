import { expect, test } from 'vitest'
import { readingsOf } from './support/chain-of.ts'
import { Confirmed } from './support/confirmed.ts'
import { confirmationsIn, SERIAL_PROMPT, serialLedger } from './support/serials.ts'
import type { TerminalClient } from './support/terminal-client.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()

const CLIENTS = 1_000
const QUITTERS = 100

test(`${CLIENTS} type at once: each is confirmed, each is on the chain once, blocks hold many`, async () => {
  const directory = world.directory()
  const { port } = await world.start({ directory, args: serialLedger(directory) })
  const clients = await connectAll(port, CLIENTS)

  const confirmed = new Confirmed()
  for (const [value, client] of clients.entries()) {
    confirmed.typed(value)
    client.type(String(value))
  }
  for (const [value, client] of clients.entries()) {
    const [confirmation, ...more] = confirmationsIn(await client.readUntilPrompt(SERIAL_PROMPT))
    expect(more).toEqual([])
    expect(confirmation?.value).toBe(value)
    if (confirmation) confirmed.add(confirmation)
  }

  const readings = await readingsOf(directory)
  expect(readings).toHaveLength(CLIENTS)
  confirmed.check(readings)
  // What arrived during an fsync shares the next one.
  const sizes = [...Map.groupBy(readings, ({ height }) => height).values()].map(({ length }) => length)
  expect(Math.max(...sizes)).toBeGreaterThan(CLIENTS / 20)
  expect(sizes.length).toBeLessThan(CLIENTS / 5)
}, 60_000)

test('clients that die within a line or an answer harm nobody and leave nothing behind', async () => {
  const directory = world.directory()
  const { port } = await world.start({ directory, args: serialLedger(directory) })
  const witness = await world.connect(port, 'the witness')
  await witness.readUntilPrompt(SERIAL_PROMPT)

  const quitters = await connectAll(port, QUITTERS)
  const confirmed = new Confirmed()
  for (const [index, client] of quitters.entries()) {
    confirmed.typed(index)
    if (index % 2 === 0) client.type(String(index))
    else client.send('12')
    client.reset()
  }
  confirmed.typed(QUITTERS)
  const [confirmation] = confirmationsIn(await witness.ask(String(QUITTERS), SERIAL_PROMPT))
  if (confirmation) confirmed.add(confirmation)
  expect(confirmation?.value).toBe(QUITTERS)

  // Half a line that a client died on is not a reading; a whole one whose writer died may be.
  await witness.statusUntil(/^terminals +1$/m)
  confirmed.check(await readingsOf(directory))
}, 60_000)

async function connectAll(port: number, count: number): Promise<TerminalClient[]> {
  const clients = await Promise.all(
    Array.from({ length: count }, (_, index) => world.connect(port, `client ${index}`)),
  )
  await Promise.all(clients.map((client) => client.readUntilPrompt(SERIAL_PROMPT)))
  return clients
}
