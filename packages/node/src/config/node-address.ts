import { isIPv4, isIPv6 } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { printable } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { NodeAddress } from '../options.ts'
import { EVERY_HOST, isHostName, PORT } from './address.ts'
import { expected, type Parsed, parsed } from './parsed.ts'

/**
 * Addresses of nodes, separated by commas.
 *
 *     LISTEN    [host:]port or multiaddr    7400    192.168.1.5:7400    [::]:7400    /ip4/0.0.0.0/tcp/7401/ws
 *     PEERS     host:port or multiaddr      10.0.0.7:7400    [2001:db8::1]:7400    /dns4/example.org/tcp/443
 *
 * A port without a host is that port on every interface: unlike a terminal's, it is meant for others. A list
 * to listen on may be the word `off`, which means no network at all.
 */
export const LISTEN_FORM = 'off, or [host:]port or multiaddr, several separated by commas'
export const NODE_ADDRESSES_FORM = 'host:port or multiaddr, several separated by commas'

const OFF = 'off'

/** Undefined: off. */
export function parseListen(text: string): Parsed<readonly NodeAddress[] | undefined> {
  if (text.trim() === OFF) return parsed(undefined)
  return parseList(text, (item) => {
    if (PORT.test(item)) return portOn(EVERY_HOST, item)
    return item.startsWith(':') && !item.startsWith('::') ? portOn(EVERY_HOST, item.slice(1)) : parseOne(item)
  })
}

/** None when the text is empty. */
export function parseNodeAddresses(text: string): Parsed<readonly NodeAddress[]> {
  return text.trim() === '' ? parsed([]) : parseList(text, parseNodeAddress)
}

/** One that can be dialled. */
export function parseNodeAddress(text: string): Parsed<NodeAddress> {
  const address = parseOne(text)
  const isNowhere =
    address.ok && (/:0$/.test(address.value) || /\/(?:tcp|udp)\/0(?:\/|$)/.test(address.value))
  return isNowhere ? expected(`'${printable(text)}': port 0 is none that one could connect to`) : address
}

/** The same address with a port that is `by` higher; undefined when it has none, or none that high. */
export function withNextPort(address: NodeAddress, by: number): NodeAddress | undefined {
  const [, host, port] = /^((?:\[[^\]]*\]|[^:/]*)):([0-9]+)$/.exec(address) ?? []
  const next = Number(port) + by
  return host === undefined || next > 65_535 ? undefined : `${host}:${next}`
}

/** The port of `host:port` and `[IPv6 address]:port`; undefined of a multiaddr. */
export function portOf(address: NodeAddress): number | undefined {
  const [, port] = /^[^/]*:([0-9]+)$/.exec(address) ?? []
  return port === undefined ? undefined : Number(port)
}

function parseList(text: string, parse: (item: string) => Parsed<NodeAddress>): Parsed<NodeAddress[]> {
  const { nodeAddressesMax } = NODE_LIMITS
  const items = text.split(',', nodeAddressesMax + 1)
  if (items.length > nodeAddressesMax) return expected(`it lists more than ${nodeAddressesMax}`)
  const values: NodeAddress[] = []
  for (const item of items) {
    const one = parse(item.trim())
    if (!one.ok) return one
    if (values.includes(one.value)) return expected(`'${printable(one.value)}' is there twice`)
    values.push(one.value)
  }
  return parsed(values)
}

function parseOne(text: string): Parsed<NodeAddress> {
  if (text.length > NODE_LIMITS.nodeAddressBytesMax) {
    return expected(`'${printable(text, 40)}' has more than ${NODE_LIMITS.nodeAddressBytesMax} characters`)
  }
  return text.startsWith('/') ? parseMultiaddr(text) : parseHostAndPort(text)
}

function parseMultiaddr(text: string): Parsed<NodeAddress> {
  try {
    return /^[!-~]*$/.test(text) ? parsed(multiaddr(text).toString()) : expected(notAMultiaddr(text))
  } catch {
    return expected(notAMultiaddr(text))
  }
}

function notAMultiaddr(text: string): string {
  return `'${printable(text)}' is not a multiaddr, such as /ip4/10.0.0.7/tcp/7400`
}

function parseHostAndPort(text: string): Parsed<NodeAddress> {
  const [, bracketed, name = '', port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/s.exec(text) ?? []
  if (port === undefined) {
    return expected(`'${printable(text)}' is not host:port; an IPv6 address stands in brackets`)
  }
  if (bracketed !== undefined) {
    if (isIPv6(bracketed)) return portOn(`[${bracketed}]`, port)
    return expected(`'${printable(bracketed)}' within brackets is not an IPv6 address`)
  }
  const isHost = /^[0-9.]+$/.test(name) ? isIPv4(name) : isHostName(name)
  if (isHost) return portOn(name, port)
  return expected(`'${printable(name)}' is not a host name, an IPv4 address or an IPv6 address in brackets`)
}

function portOn(host: string, port: string): Parsed<NodeAddress> {
  if (PORT.test(port) && Number(port) <= 65_535) return parsed(`${host}:${port}`)
  return expected(`'${printable(port)}' is not a port from 0 to 65535`)
}
