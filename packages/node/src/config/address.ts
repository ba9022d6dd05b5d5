import { isIPv4, isIPv6 } from 'node:net'
import { LIMITS, printable, utf8 } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { SourceAddress, TerminalPort } from '../options.ts'
import { expected, type Parsed, parsed } from './parsed.ts'

/**
 * Lists of addresses, separated by commas.
 *
 *     ADDR    [host:]port[:measure[:subject]]    9000   9000,9001:bpm:ward-2   [::1]:9000   :9000
 *     SOURCE  host:port[:measure[:subject]]      192.168.1.20:7000:temperature:freezer-3
 *
 * A host is a name, an IPv4 address or an IPv6 address in brackets. What begins with digits and a colon or
 * nothing is a port without a host and is served on 127.0.0.1, to this machine alone. A port after a colon,
 * as Go writes it, is served on 0.0.0.0: to everyone who can reach this machine.
 */
const DEFAULT_HOST = '127.0.0.1'
export const EVERY_HOST = '0.0.0.0'

export const TERMINAL_PORTS_FORM = '[host:]port[:measure[:subject]], several separated by commas'
export const SOURCES_FORM = 'host:port[:measure[:subject]], several separated by commas'

export const PORT = /^(?:0|[1-9][0-9]{0,4})$/
const MEASURE = /^[a-z][a-z0-9-]*$/
const HOST_LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
const HOST_NAME_LENGTH_MAX = 253
/** Control characters, and those that reorder or hide others; the same that a ledger's names may not have. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

export function parseTerminalPorts(text: string): Parsed<readonly TerminalPort[]> {
  const ports = parseList(text, NODE_LIMITS.terminalPortsMax, parseTerminalPort)
  if (!ports.ok) return ports
  for (const [index, port] of ports.value.entries()) {
    const other = ports.value.slice(0, index).find((earlier) => clashes(earlier, port))
    if (other)
      return expected(`${show(other)} and ${show(port)} take the same port, and each can be taken once`)
  }
  return ports
}

export function parseSources(text: string): Parsed<readonly SourceAddress[]> {
  if (text === '') return parsed([])
  const sources = parseList(text, NODE_LIMITS.sourcesMax, parseSource)
  if (!sources.ok) return sources
  for (const [index, source] of sources.value.entries()) {
    const isSame = (other: SourceAddress) => other.host === source.host && other.port === source.port
    if (sources.value.slice(0, index).some(isSame)) {
      return expected(`${show(source)} is there twice, so each of its readings would be stored twice`)
    }
  }
  return sources
}

function parseList<T>(text: string, countMax: number, parse: (item: string) => Parsed<T>): Parsed<T[]> {
  const items = text.split(',', countMax + 1)
  if (items.length > countMax) return expected(`it lists more than ${countMax}`)
  const values: T[] = []
  for (const item of items) {
    const one = parse(item.trim())
    if (!one.ok) return one
    values.push(one.value)
  }
  return parsed(values)
}

function parseTerminalPort(text: string): Parsed<TerminalPort> {
  if (text.startsWith('::')) return expected(`'${printable(text)}' is an IPv6 address without its brackets`)
  if (text.startsWith(':')) return parsePort(text.slice(1), EVERY_HOST)
  if (/^[0-9]+(?::|$)/.test(text)) return parsePort(text, DEFAULT_HOST)
  return parseHostAndPort(text)
}

function parseSource(text: string): Parsed<SourceAddress> {
  const source = parseHostAndPort(text)
  return source.ok && source.value.port === 0 ? expected('port 0 is none that one could connect to') : source
}

function parseHostAndPort(text: string): Parsed<TerminalPort> {
  const [, bracketed, name = '', rest] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(.*)$/s.exec(text) ?? []
  if (rest === undefined) return expected(`'${printable(text)}' has no port`)
  if (bracketed !== undefined) {
    if (isIPv6(bracketed)) return parsePort(rest, bracketed)
    return expected(`'${printable(bracketed)}' within brackets is not an IPv6 address`)
  }
  // What looks like an IPv4 address must be one: 1.2.3 means 1.2.0.3 to some programs and is a name to
  // others.
  const isHost = /^[0-9.]+$/.test(name) ? isIPv4(name) : isHostName(name)
  if (isHost) return parsePort(rest, name)
  return expected(`'${printable(name)}' is not a host name, an IPv4 address or an IPv6 address in brackets`)
}

export function isHostName(text: string): boolean {
  return text.length <= HOST_NAME_LENGTH_MAX && text.split('.').every((label) => HOST_LABEL.test(label))
}

/** `port[:measure[:subject]]` */
function parsePort(text: string, host: string): Parsed<TerminalPort> {
  const [port = '', measure, subject, ...more] = text.split(':', 4)
  if (!PORT.test(port) || Number(port) > 65_535) {
    return expected(`'${printable(port)}' is not a port from 0 to 65535`)
  }
  if (measure !== undefined && (!MEASURE.test(measure) || measure.length > LIMITS.measureBytesMax)) {
    return expected(`'${printable(measure)}' is not the name of a measure, such as bpm`)
  }
  if (subject !== undefined && !isSubject(subject)) {
    return expected(
      `'${printable(subject)}' is not a subject of 1 to ${LIMITS.subjectBytesMax} bytes of text`,
    )
  }
  if (more.length > 0) return expected(`there is a colon too many in '${printable(text)}'`)
  return parsed({
    host,
    port: Number(port),
    ...(measure === undefined ? {} : { measure }),
    ...(subject === undefined ? {} : { subject }),
  })
}

function isSubject(text: string): boolean {
  const length = utf8(text).length
  return length >= 1 && length <= LIMITS.subjectBytesMax && !UNPRINTABLE.test(text)
}

/** Whether one of two ports could not be opened because of the other. */
function clashes(a: TerminalPort, b: TerminalPort): boolean {
  const isEverywhere = ({ host }: TerminalPort) => host === EVERY_HOST || host === '::'
  return a.port === b.port && a.port !== 0 && (a.host === b.host || isEverywhere(a) || isEverywhere(b))
}

function show({ host, port }: TerminalPort): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}
