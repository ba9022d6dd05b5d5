/**
 * The lines that `start --json` prints, as far as the devnet looks at them; views/event-json.ts writes them.
 * What is not known here is passed over: keys and events are only ever added.
 */
import { asCount, asObject, asText, type Fields } from './json-fields.ts'

export type NodeLine =
  | {
      readonly kind: 'started'
      readonly ledgerId: string
      readonly publicKey: string
      readonly head: LinePosition
      /** Of its first terminal port; undefined when it serves none. */
      readonly terminalPort: number | undefined
      /** Where other nodes reach it; undefined when it has no network. */
      readonly peerPort: number | undefined
    }
  | ({ readonly kind: 'block' } & BlockLine)
  | ({ readonly kind: 'disconnected' } & LinePosition)
  | { readonly kind: 'alarm'; readonly code: string; readonly message: string }
  | { readonly kind: 'other'; readonly event: string }

export interface LinePosition {
  readonly height: number
  readonly hash: string
}

export interface BlockLine extends LinePosition {
  readonly parent: string | null
  readonly producer: string
  /** Of its readings; those that were erased are left out. */
  readonly values: readonly number[]
  readonly readingCount: number
}

/** Undefined when it is no event. */
export function parseNodeLine(line: string): NodeLine | undefined {
  const fields = parseJson(line)
  const event = asText(fields?.event)
  if (fields === undefined || event === undefined) return undefined
  switch (event) {
    case 'started':
      return startedLine(fields)
    case 'block':
      return blockLine(fields)
    case 'disconnected': {
      const position = positionOf(fields)
      return position && { kind: 'disconnected', ...position }
    }
    case 'alarm':
      return { kind: 'alarm', code: asText(fields.code) ?? '', message: asText(fields.message) ?? '' }
    default:
      return { kind: 'other', event }
  }
}

function startedLine({ ledger, head, publicKey, addresses, nodeAddresses }: Fields): NodeLine | undefined {
  const ledgerId = asText(asObject(ledger)?.id)
  const position = positionOf(asObject(head) ?? {})
  const key = asText(publicKey)
  if (ledgerId === undefined || position === undefined || key === undefined) return undefined
  return {
    kind: 'started',
    ledgerId,
    publicKey: key,
    head: position,
    terminalPort: portOf(addresses),
    peerPort: portOf(nodeAddresses),
  }
}

function blockLine({ parent, producer, readings, ...fields }: Fields): NodeLine | undefined {
  const position = positionOf(fields)
  if (position === undefined || !Array.isArray(readings)) return undefined
  const values = readings
    .map((reading) => asObject(reading)?.value)
    .filter((value) => typeof value === 'number')
  return {
    kind: 'block',
    ...position,
    parent: asText(parent) ?? null,
    producer: asText(producer) ?? '',
    values,
    readingCount: readings.length,
  }
}

function positionOf({ height, hash }: Fields): LinePosition | undefined {
  const [count, text] = [asCount(height), asText(hash)]
  return count === undefined || text === undefined ? undefined : { height: count, hash: text }
}

/** Of the first of `host:port` or `/ip4/host/tcp/port/...`. */
function portOf(addresses: unknown): number | undefined {
  const first = Array.isArray(addresses) ? asText(addresses[0]) : undefined
  const digits = /\/tcp\/(\d+)/.exec(first ?? '')?.[1] ?? /:(\d+)$/.exec(first ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function parseJson(line: string): Fields | undefined {
  try {
    return asObject(JSON.parse(line))
  } catch {
    return undefined
  }
}
