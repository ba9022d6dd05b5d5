import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressText,
  mayTravel,
  parseAddress,
  peerIdOf,
  reachOf,
  withPeer,
} from '../../src/network/libp2p/addresses.ts'
import { formatSwarmKey, parseSwarmKey } from '../../src/network/libp2p/swarm-key.ts'
import { anyText } from '../support/any-text.ts'

const ID = '12D3KooWRdFFg3yTbTsDq5Z1yCvCWbqznEFro9jeVivo7rkayJ4D'

function parsed(text: string) {
  const address = parseAddress(text)
  if (!address.ok) throw new Error(address.error.message)
  return address.value
}

describe('the address of a node', () => {
  it.each([
    ['10.0.0.2:7400', '/ip4/10.0.0.2/tcp/7400'],
    ['[fd00::2]:7400', '/ip6/fd00::2/tcp/7400'],
    ['pulse.example:7400', '/dns/pulse.example/tcp/7400'],
  ])('%s is the multiaddr %s, and back', (short, long) => {
    expect(parsed(short).toString()).toBe(long)
    expect(parsed(long).toString()).toBe(long)
    expect(addressText(parsed(long))).toBe(short)
    expect(addressText(parsed(`${long}/p2p/${ID}`))).toBe(short)
  })

  it('is a multiaddr where there is no short form', () => {
    expect(addressText(parsed(`/ip4/10.0.0.2/tcp/80/ws/p2p/${ID}`))).toBe('/ip4/10.0.0.2/tcp/80/ws')
    const relayed = `/ip4/10.0.0.2/tcp/7400/p2p/${ID}/p2p-circuit/p2p/${ID}`
    expect(addressText(parsed(relayed))).toBe(relayed)
  })

  it('names the peer at its end', () => {
    const address = withPeer(parsed('10.0.0.2:7400'), ID)
    expect([peerIdOf(address), peerIdOf(parsed('10.0.0.2:7400'))]).toEqual([ID, undefined])
    expect(withPeer(address, ID).toString()).toBe(address.toString())
  })

  it.each([
    '',
    '7400',
    ':7400',
    '10.0.0.2',
    '10.0.0.2:',
    '10.0.0.2:0',
    '10.0.0.2:65536',
    '10.0.0.2:07400',
    '10.0.0:7400',
    'fd00::2:7400',
    '[fe80::1%eth0]:7400',
    '[10.0.0.2]:7400',
    'a b:7400',
    '-a:7400',
    '/ip4/10.0.0.2',
    '/ip4/10.0.0.2/udp/7400',
    '/ip4/10.0.0.2/tcp/7400/p2p/nobody',
    '/unix/tmp/socket',
    '/',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toMatchObject({ ok: false, error: { code: 'NETWORK_ADDRESS_INVALID' } })
  })

  it('never throws, and gives a text that it takes back', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 60 }), fc.constantFrom('', '/', '/ip4/'), (text, prefix) => {
        const address = parseAddress(`${prefix}${text}`)
        if (address.ok) expect(parseAddress(addressText(address.value)).ok).toBe(true)
      }),
    )
  })

  it('travels no further than it is meant', () => {
    const [machine, site, world] = ['127.0.0.1:1', '192.168.1.7:1', '192.0.2.7:1'].map(parsed)
    if (!machine || !site || !world) throw new Error('there are three')
    expect([machine, site, world].map(reachOf)).toEqual(['machine', 'site', 'world'])
    expect(
      ['[::1]:1', '[fd00::2]:1', '[fe80::2]:1', '10.1.2.3:1', '172.31.0.1:1'].map((text) =>
        reachOf(parsed(text)),
      ),
    ).toEqual(['machine', 'site', 'site', 'site', 'site'])
    expect([machine, site, world].map((address) => mayTravel(address, machine))).toEqual([true, true, true])
    expect([machine, site, world].map((address) => mayTravel(address, site))).toEqual([false, true, true])
    expect([machine, site, world].map((address) => mayTravel(address, world))).toEqual([false, false, true])
  })
})

describe('the swarm key file', () => {
  const file = formatSwarmKey(new Uint8Array(32).fill(0xab))
  const text = Buffer.from(file).toString()

  it('is that of IPFS, of 95 bytes, with either line end and with or without the last', () => {
    expect(text).toBe(`/key/swarm/psk/1.0.0/\n/base16/\n${'ab'.repeat(32)}\n`)
    for (const variant of [
      text,
      text.trimEnd(),
      text.replaceAll('\n', '\r\n'),
      text.replace(/[ab]+\n$/, 'AB'.repeat(32)),
    ]) {
      expect(parseSwarmKey(Buffer.from(variant))).toEqual({ ok: true, value: new Uint8Array(32).fill(0xab) })
    }
  })

  it.each([
    ['an empty file', ''],
    ['another version', text.replace('1.0.0', '2.0.0')],
    ['another encoding', text.replace('base16', 'base64')],
    ['a short key', text.replace('ab', '')],
    ['something after the key', `${text}x`],
    ['a large file', text + '\n'.repeat(2_000)],
  ])('refuses %s', (_, wrong) => {
    expect(parseSwarmKey(Buffer.from(wrong))).toMatchObject({
      ok: false,
      error: { code: 'SWARM_KEY_INVALID' },
    })
  })

  it('refuses any other file', () => {
    expect(parseSwarmKey(readFileSync(import.meta.filename))).toMatchObject({ ok: false })
  })
})
