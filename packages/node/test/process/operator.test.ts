/**
 * What an operator does wrong or a machine goes through: each start that cannot be is refused with one
 * sentence, a remedy and an exit code of its own, and leaves the data directory as it was.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT } from '@pulseledger/core'
import { ClassicLevel } from 'classic-level'
import { describe, expect, test } from 'vitest'
import { META } from '../../src/store/level/keys.ts'
import { encodeNumber, seal } from '../../src/store/level/records.ts'
import { DATA, readingsOf } from './support/chain-of.ts'
import { Chance } from './support/chance.ts'
import { Confirmed } from './support/confirmed.ts'
import { digests } from './support/files.ts'
import { Load } from './support/load.ts'
import { serialLedger } from './support/serials.ts'
import { asserts } from './support/transcript.ts'
import { type Finished, useWorld } from './support/world.ts'

const world = useWorld()

const REFUSAL_MS = asserts.figures ? 2_000 : undefined

/** A working directory with a ledger of three readings, and no node. */
async function ledger(directory = world.directory()): Promise<string> {
  const { node, port } = await world.start({ directory })
  const client = await world.connect(port)
  await client.readUntilPrompt()
  for (const bpm of [72, 80, 65]) await client.ask(String(bpm))
  node.signal('SIGTERM')
  await node.ended()
  return directory
}

/** Starts a node that must not come up. */
async function refused(directory: string, args: readonly string[] = []): Promise<Finished> {
  const node = world.launch({ directory, args: ['start', '--addr', '0', ...args] })
  const { code } = await node.ended('the refusal of a start', REFUSAL_MS)
  return { code, stdout: node.stdout.text, stderr: node.stderr.text }
}

/** One sentence, its remedy, and the code to look up; on stderr and nothing else anywhere. */
function expectRefusal({ code, stdout, stderr }: Finished, exit: number, ...says: (string | RegExp)[]): void {
  expect({ code, stdout }, stderr).toEqual({ code: exit, stdout: '' })
  expect(stderr).toMatch(/^error: [\x20-\x7e]+\. [A-Z][\x20-\x7e]+\. \[[A-Z_]+\]\n$/)
  for (const text of says) expect(stderr).toMatch(text)
}

test('a second start names the process that holds the directory, and does not disturb it', async () => {
  const directory = world.directory()
  const { node, port } = await world.start({ directory })
  const client = await world.connect(port)
  await client.readUntilPrompt()
  await client.ask('72')
  const before = digests(join(directory, DATA))

  const again = await refused(directory, ['--data-dir', DATA])
  expectRefusal(again, EXIT.locked, `process ${node.pid},`, 'STORE_LOCKED')
  expect(digests(join(directory, DATA))).toEqual(before)
  expect(await client.ask('80')).toContain('#2 80 BPM stored')
  expect(await readingsOf(directory)).toHaveLength(2)
})

test('a port that another program serves is named, and the ledger opens afterwards', async () => {
  const directory = await ledger()
  const port = await listen(createServer())
  expectRefusal(await refused(directory, ['--addr', String(port)]), EXIT.portTaken, `127.0.0.1:${port}`)
  await world.start({ directory })
  expect((await readingsOf(directory)).map(({ value }) => value)).toEqual([72, 80, 65])
})

test('of two ports one of which is taken, neither is served', async () => {
  const directory = await ledger()
  const taken = await listen(createServer())
  const free = createServer()
  const port = await listen(free)
  await new Promise((resolve) => free.close(resolve))
  const finished = await refused(directory, ['--addr', `${port},${taken}`])
  expectRefusal(finished, EXIT.portTaken, String(taken))
  await expect(knock(port)).rejects.toThrow('ECONNREFUSED')
})

test('an address of another machine is refused', async () => {
  const directory = await ledger()
  // RFC 5737: an address for documentation, which no machine has.
  expectRefusal(await refused(directory, ['--addr', '192.0.2.1:0']), EXIT.usage, '192.0.2.1')
})

const damages: [string, (database: string) => void][] = [
  ['garbage in CURRENT', (path) => writeFileSync(join(path, 'CURRENT'), 'garbage\n')],
  ['an empty CURRENT', (path) => writeFileSync(join(path, 'CURRENT'), '')],
  ['no CURRENT', (path) => rmSync(join(path, 'CURRENT'))],
  ['no MANIFEST', (path) => rmSync(join(path, only(path, /^MANIFEST-/)))],
  ['garbage for MANIFEST', (path) => writeFileSync(join(path, only(path, /^MANIFEST-/)), 'garbage')],
]

test.each(damages)('a database with %s is reported as damaged and left as it is', async (_, damage) => {
  const directory = await ledger()
  const data = join(directory, DATA)
  damage(join(data, 'ledger'))
  const before = digests(data)
  expectRefusal(await refused(directory), EXIT.damaged, 'STORE_DAMAGED', data)
  expect(digests(data)).toEqual(before)
})

test.each([
  ['gone', (path: string) => rmSync(path)],
  ['empty', (path: string) => writeFileSync(path, '')],
])('a write-ahead log that is %s is missed, at every start', async (_, damage) => {
  const directory = await ledger()
  const database = join(directory, DATA, 'ledger')
  damage(join(database, only(database, /\.log$/)))
  for (let start = 0; start < 2; start += 1) {
    expectRefusal(await refused(directory), EXIT.damaged, 'STORE_DAMAGED', 'which was confirmed')
  }
})

test('a database of a later format is refused and left as it is', async () => {
  const directory = await ledger()
  const data = join(directory, DATA)
  const database = new ClassicLevel<Uint8Array, Uint8Array>(join(data, 'ledger'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false,
  })
  await database.put(META.format, seal(META.format, encodeNumber(2)), { sync: true })
  await database.close()
  expectRefusal(await refused(directory), EXIT.format, 'format 2', 'STORE_FORMAT')
  // LevelDB moves what it reads from its log into a table; the records stay the same.
  const again = await refused(directory)
  expectRefusal(again, EXIT.format, 'format 2')
})

test('a data directory that is a file is refused and left as it is', async () => {
  const directory = world.directory()
  writeFileSync(join(directory, DATA), 'not a directory\n')
  const before = digests(directory)
  expectRefusal(await refused(directory), EXIT.permission, join(directory, DATA))
  expect(digests(directory)).toEqual(before)
})

test.each([
  ['that others may read', (path: string) => chmodSync(path, 0o644), 'chmod 600'],
  [
    'that is cut short',
    (path: string) => writeFileSync(path, 'pulseledger-ed25519-key-v1 00'),
    'KEY_INVALID',
  ],
])('a key file %s is refused, and no new key is made', async (_, spoil, says) => {
  const directory = await ledger()
  const key = join(directory, DATA, 'key')
  spoil(key)
  const before = digests(join(directory, DATA)).key
  expectRefusal(await refused(directory), EXIT.key, says)
  expect(digests(join(directory, DATA)).key).toBe(before)
})

test.each([
  ['an option that does not exist', ['--prot', '9000'], undefined, '--prot'],
  ['a port that is none', ['--addr', '70000'], undefined, '70000'],
  ['a variable in .env that does not exist', [], 'ADDRS=9000\n', 'ADDR'],
])('%s is refused before anything is made', async (_, args, env, says) => {
  const directory = world.directory()
  if (env !== undefined) writeFileSync(join(directory, '.env'), env)
  const finished = await refused(directory, args)
  expect(finished).toMatchObject({ code: EXIT.usage, stdout: '' })
  expect(finished.stderr).toContain(says)
  expect(readdirSync(directory).filter((name) => name !== '.env')).toEqual([])
})

const canMount = mountable()
if (!canMount) console.log('mount needs root: left out are the tests with a full and a read-only disk')

describe.runIf(canMount)('on a disk of its own', () => {
  test('that is full, a start is refused', async () => {
    const directory = disk('64k')
    writeFileSync(join(directory, 'other.bin'), Buffer.alloc(60 * 1024))
    expectRefusal(await refused(directory), EXIT.disk, 'STORE_DISK_FULL')
  })

  test('that is read-only, a start is refused and the ledger left as it is', async () => {
    const directory = disk('8m')
    await ledger(directory)
    remount(directory, 'ro')
    const before = digests(join(directory, DATA))
    expectRefusal(await refused(directory), EXIT.permission, join(directory, DATA))
    expect(digests(join(directory, DATA))).toEqual(before)
    remount(directory, 'rw')
    await world.start({ directory })
    expect(await readingsOf(directory)).toHaveLength(3)
  })

  test('that fills up, the node stops, says so, and has lost nothing once there is room again', async () => {
    const directory = disk('1m')
    const args = serialLedger(directory)
    const { node, port } = await world.start({ directory, args })
    const confirmed = new Confirmed()
    let value = 0
    const load = new Load({
      port,
      clientCount: 20,
      chance: new Chance(1),
      nextValue: () => value++,
      onTyped: (typed) => confirmed.typed(typed),
      onConfirmation: (confirmation) => confirmed.add(confirmation),
    })
    world.later(() => load.stop())
    await load.start()
    expect((await node.ended()).code, node.stderr.text).toBe(EXIT.disk)
    expect(node.stderr.text).toMatch(
      /^error: [\x20-\x7e]+ is full[\x20-\x7e]+Free some space[\x20-\x7e]+\n$/m,
    )
    expect(confirmed.count).toBeGreaterThan(100)

    remount(directory, 'size=16m')
    const second = await world.start({ directory, args })
    confirmed.check(await readingsOf(directory))
    const client = await world.connect(second.port)
    await client.waitFor(':')
    client.type(String(value++))
    await client.waitFor('stored in block')
  })
})

function only(path: string, pattern: RegExp): string {
  const [name, ...more] = readdirSync(path).filter((file) => pattern.test(file))
  if (name === undefined || more.length > 0)
    throw new Error(`not one file ${pattern} in ${readdirSync(path)}`)
  return name
}

function listen(server: Server): Promise<number> {
  world.later(() => server.close())
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

function knock(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}

/** A working directory on a file system of its own, in memory. */
function disk(size: string): string {
  const directory = world.directory()
  mount(['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory])
  world.later(() => spawnSync('umount', ['--lazy', directory]))
  return directory
}

function remount(directory: string, option: string): void {
  mount(['-o', `remount,${option}`, directory])
}

function mount(args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args)
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`)
}

function mountable(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'pulseledger-process-'))
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', path]).status === 0
  if (isMounted) spawnSync('umount', [path])
  rmSync(path, { recursive: true })
  return isMounted
}
