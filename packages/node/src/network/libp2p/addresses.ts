import { isIPv4, isIPv6 } from 'node:net'
import { peerIdFromString } from '@libp2p/peer-id'
import { CODE_P2P, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { fail, LIMITS, ok, printable, type Result } from '@pulseledger/core'
import { NodeFailure, type PeerId } from '../../ports.ts'

/**
 * Where nodes are, as people write it and as libp2p does. What is a host and a TCP port is written short,
 * everything else as a multiaddr (https://github.com/multiformats/multiaddr):
 *
 *     10.0.0.2:7400        /ip4/10.0.0.2/tcp/7400
 *     [fd00::2]:7400       /ip6/fd00::2/tcp/7400
 *     pulse.example:7400   /dns/pulse.example/tcp/7400
 *                          /ip4/10.0.0.2/tcp/7480/ws
 *                          /ip4/10.0.0.2/tcp/7400/p2p/12D3KooW...
 *
 * The short form takes the peer id that answers there; `/p2p/` holds the node to its key.
 */

const PORT = /^(?:0|[1-9][0-9]{0,4})$/
const HOST_LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
const HOST_NAME_LENGTH_MAX = 253

/** Parts of a multiaddr that a node can be reached by, in the transports that there are. */
const PARTS = new Set([
  'ip4',
  'ip6',
  'ip6zone',
  'dns',
  'dns4',
  'dns6',
  'tcp',
  'ws',
  'wss',
  'tls',
  'sni',
  'http-path',
  'p2p',
  'p2p-circuit',
])

/** How far an address is meant: it is told only to those whom it can serve. */
export type Reach = 'machine' | 'site' | 'world'

/** Either form. Port 0 is one to listen on, not one to dial. Errors: NETWORK_ADDRESS_INVALID. */
export function parseAddress(text: string, use: 'dial' | 'listen' = 'dial'): Result<Multiaddr> {
  const address = text.startsWith('/') ? parseMultiaddr(text) : parseHostPort(text)
  if (!address.ok || use === 'listen') return address
  const port = address.value.getComponents().find(({ name }) => name === 'tcp')?.value
  return port === '0' ? invalid(`port 0 in '${printable(text)}' is none to connect to`) : address
}

/** The same, throwing a `NodeFailure`: for what an operator configured. */
export function addressOrThrow(text: string, use?: 'dial' | 'listen'): Multiaddr {
  const address = parseAddress(text, use)
  if (address.ok) return address.value
  throw new NodeFailure(address.error.code, address.error.message)
}

function parseMultiaddr(text: string): Result<Multiaddr> {
  const shown = `'${printable(text)}'`
  if (text.length > 2 * LIMITS.addressBytesMax) return invalid(`${shown} is too long for an address`)
  try {
    const address = multiaddr(text)
    const parts = address.getComponents()
    const strange = parts.find(({ name }) => !PARTS.has(name))
    if (strange)
      return invalid(`${shown} has the part '${printable(strange.name)}', which no transport takes`)
    if (!parts.some(({ name }) => name === 'tcp')) return invalid(`${shown} has no TCP port`)
    const id = peerIdOf(address)
    if (id !== undefined) peerIdFromString(id)
    return ok(address)
  } catch {
    return invalid(`${shown} is not a multiaddr`)
  }
}

function parseHostPort(text: string): Result<Multiaddr> {
  const [, bracketed, name = '', port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/s.exec(text) ?? []
  const shown = `'${printable(text)}'`
  if (port === undefined) return invalid(`${shown} is not a host and a port, such as 10.0.0.2:7400`)
  if (!PORT.test(port) || Number(port) > 65_535) return invalid(`${shown} has no port from 0 to 65535`)
  if (bracketed !== undefined) {
    if (isIPv6(bracketed) && !bracketed.includes('%')) return ok(multiaddr(`/ip6/${bracketed}/tcp/${port}`))
    return invalid(`${shown} has no IPv6 address within its brackets`)
  }
  // What looks like an IPv4 address must be one: 1.2.3 means 1.2.0.3 to some programs and is a name to
  // others.
  if (isIPv4(name)) return ok(multiaddr(`/ip4/${name}/tcp/${port}`))
  if (/^[0-9.]*$/.test(name) || !isHostName(name)) return invalid(`${shown} has no host name or IP address`)
  return ok(multiaddr(`/dns/${name}/tcp/${port}`))
}

function isHostName(text: string): boolean {
  return text.length <= HOST_NAME_LENGTH_MAX && text.split('.').every((label) => HOST_LABEL.test(label))
}

/** The short form where there is one, without the peer id; `parseAddress` takes it back. */
export function addressText(address: Multiaddr): string {
  const parts = address.getComponents().filter(({ code }) => code !== CODE_P2P)
  const [host, tcp] = parts
  const isShort = parts.length === 2 && tcp?.name === 'tcp' && host?.value !== undefined
  if (!isShort) return address.getComponents().some(isCircuit) ? `${address}` : `${withoutPeer(address)}`
  return host.name === 'ip6' ? `[${host.value}]:${tcp.value}` : `${host.value}:${tcp.value}`
}

/** The peer at the end of an address; undefined when it names none. */
export function peerIdOf(address: Multiaddr): PeerId | undefined {
  return address.getComponents().findLast(({ code }) => code === CODE_P2P)?.value
}

/** The same address, held to the key of `id`. */
export function withPeer(address: Multiaddr, id: PeerId): Multiaddr {
  return peerIdOf(address) === id ? address : withoutPeer(address).encapsulate(`/p2p/${id}`)
}

/** Without the peer at its end; a relay within it keeps its own. */
export function withoutPeer(address: Multiaddr): Multiaddr {
  const last = address.getComponents().at(-1)
  return last?.code === CODE_P2P ? multiaddr(address.getComponents().slice(0, -1)) : address
}

/** The host that an address begins with; undefined for a relayed one that begins with a peer. */
export function hostOf(address: Multiaddr): string | undefined {
  return address.getComponents().find(({ name }) => name !== 'ip6zone')?.value
}

export function reachOf(address: Multiaddr): Reach {
  if (address.getComponents().some(isCircuit)) return 'world'
  const host = hostOf(address) ?? ''
  if (/^127\./.test(host) || host === '::1' || host === 'localhost') return 'machine'
  if (
    /^(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01])|169\.254|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(
      host,
    )
  ) {
    return 'site'
  }
  if (/^f[cd][0-9a-f]{2}:|^fe[89ab][0-9a-f]:/i.test(host) || /\.local$/.test(host)) return 'site'
  return 'world'
}

/**
 * Whether an address may be told over a connection, or believed when told: what only works on one machine or
 * site is of use within it alone, and elsewhere it would have us dial into somebody's own network.
 */
export function mayTravel(address: Multiaddr, connection: Multiaddr): boolean {
  const order: readonly Reach[] = ['machine', 'site', 'world']
  return order.indexOf(reachOf(address)) >= order.indexOf(reachOf(connection))
}

function isCircuit({ name }: { readonly name: string }): boolean {
  return name === 'p2p-circuit'
}

function invalid(message: string): ReturnType<typeof fail> {
  return fail('NETWORK_ADDRESS_INVALID', message)
}
