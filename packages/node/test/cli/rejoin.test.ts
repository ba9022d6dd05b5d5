import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { encodeInvite, fromHex, toHex } from '@pulseledger/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadCrypto } from '../../src/crypto/index.ts'
import { eventually } from '../support/eventually.ts'
import { type Ran, type RunningCommand, Workplace } from './support/harness.ts'

const crypto = await loadCrypto()

let place: Workplace
let running: RunningCommand | undefined

beforeEach(() => {
  place = new Workplace()
})
afterEach(async () => {
  await stop()
  place.remove()
})

const QUICK = ['-a', '0', '--json']
/** Nobody is there. */
const ADDRESS = '127.0.0.1:1'

async function begin(...words: string[]): Promise<RunningCommand> {
  const command = place.begin([...words, ...QUICK])
  running = command
  await Promise.race([eventually(() => command.stdout.text).toContain('"event":"block"'), command.done])
  return command
}

async function stop(): Promise<Ran | undefined> {
  const stopping = running
  running = undefined
  stopping?.interrupt()
  return stopping?.done
}

function refused(...words: string[]): Promise<Ran> {
  return place.run([...words, ...QUICK])
}

function events({ stdout }: RunningCommand): Record<string, unknown>[] {
  return stdout.text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

async function ledgerId(): Promise<string> {
  const { stdout } = await place.run(['status', '--json'])
  return JSON.parse(stdout).ledger.id
}

function invite(ledger: string, addresses = [ADDRESS]): string {
  return encodeInvite({ ledgerId: fromHex(ledger) as Uint8Array, addresses }, crypto)
}

function dataNames(): string[] {
  return readdirSync(place.path('pulseledger-data')).sort()
}

describe('rejoin', () => {
  test('sets the ledger aside, says so, and runs a node of the same one from its beginning', async () => {
    await begin('start')
    await stop()
    const id = await ledgerId()
    const command = await begin('rejoin', invite(id))
    const setAside = place.path(
      'pulseledger-data',
      dataNames().find((name) => name.startsWith('set-aside-')) as string,
    )
    expect(events(command).slice(0, 2)).toMatchObject([
      { event: 'started', ledger: { id }, head: { height: 0 } },
      { event: 'rejoined', setAside, offeredCount: 0, erasedCount: 0 },
    ])
    expect(await stop()).toMatchObject({ exit: 0 })
    expect((await place.run(['verify', '--data-dir', setAside])).exit).toBe(0)
    expect((await place.run(['verify'])).exit).toBe(0)
  })

  test('takes --peer, or nodes that were met before, where there is no invite', async () => {
    await place.run(['init'])
    await begin('rejoin', '--peer', ADDRESS)
    expect(await stop()).toMatchObject({ exit: 0 })
    const id = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
    const peers = [{ id, addresses: ['/ip4/127.0.0.1/tcp/1'], seenAt: 1 }]
    writeFileSync(place.path('pulseledger-data', 'peers.json'), JSON.stringify({ version: 1, peers }))
    expect(events(await begin('rejoin'))[1]).toMatchObject({ event: 'rejoined' })
    expect(await stop()).toMatchObject({ exit: 0 })
  })

  test.each([
    ['without any address', () => ['rejoin'], 12, 'give an invite'],
    ['with an invite without one', (id: string) => ['rejoin', invite(id, [])], 12, 'names no address'],
    ['with a word that is no invite', () => ['rejoin', 'pulse1abc'], 2, 'INVITE_INVALID'],
    ['with an invite of another one', () => ['rejoin', invite('00'.repeat(32))], 10, 'LEDGER_MISMATCH'],
    ['without a network', () => ['rejoin', '--peer', ADDRESS, '--listen', 'off'], 2, 'NETWORK_OFF'],
  ] as const)('%s is refused, and the ledger stays as it was', async (_, words, exit, message) => {
    await place.run(['init'])
    const before = dataNames()
    const ran = await refused(...words(await ledgerId()))
    expect(ran).toMatchObject({ exit, stdout: '' })
    expect(ran.stderr).toContain(message)
    expect(dataNames()).toEqual(before)
    expect((await place.run(['verify'])).exit).toBe(0)
  })

  test('where there is no ledger is refused, and makes nothing', async () => {
    const before = place.listing()
    expect((await refused('rejoin', invite(toHex(new Uint8Array(32))))).stderr).toContain('LEDGER_MISSING')
    expect(place.listing()).toEqual(before)
  })

  test('of a running node is refused, and takes no other directory', async () => {
    const command = await begin('start')
    const ran = await refused('rejoin', '--peer', ADDRESS)
    expect(ran.exit).toBe(4)
    expect(ran.stderr).toContain('STORE_LOCKED')
    expect(readdirSync(place.directory)).toEqual(['pulseledger-data'])
    expect(events(command)[0]).toMatchObject({ event: 'started' })
  })

  test('that was cut off is asked for again by every other command, and then finished', async () => {
    await place.run(['init'])
    // What is left when it is cut off right after it decided: all is there, nothing is moved.
    const staged = place.path('pulseledger-data', 'rejoin')
    const id = await ledgerId()
    await begin('rejoin', '--peer', ADDRESS)
    await stop()
    const [aside = ''] = dataNames().filter((name) => name.startsWith('set-aside-'))
    mkdirSync(staged)
    for (const name of ['ledger', 'HEAD']) {
      renameSync(place.path('pulseledger-data', name), `${staged}/${name}`)
      renameSync(place.path('pulseledger-data', aside, name), place.path('pulseledger-data', name))
    }
    renameSync(place.path('pulseledger-data', aside), `${staged}/${aside}`)
    for (const words of [['start', ...QUICK], ['verify'], ['log']]) {
      const ran = await place.run(words)
      expect(ran.exit).toBe(10)
      expect(ran.stderr).toContain('REJOIN_UNFINISHED')
    }
    expect(events(await begin('rejoin', invite(id)))[1]).toMatchObject({
      event: 'rejoined',
      setAside: place.path('pulseledger-data', aside),
    })
    expect(await stop()).toMatchObject({ exit: 0 })
    expect((await place.run(['verify'])).exit).toBe(0)
  })
})
