import { type GenesisDocument, toHex } from '@pulseledger/core'
import type { StartNote } from '../options.ts'
import type { Status } from '../ports.ts'
import type { Palette } from '../views/palette.ts'
import { addressesText } from '../views/peer-text.ts'
import { printable } from '../views/printable.ts'
import { shortHash } from '../views/text.ts'
import { plainTime } from '../views/time.ts'
import { hostPort } from './address.ts'
import type { TerminalAddress } from './server.ts'

/** Of a path that somebody must be able to type again. */
const PATH_CHARACTERS_MAX = 4_096

/** Addresses that `localhost` reaches as well. */
const LOCAL_HOSTS = ['127.0.0.1', '::1', '0.0.0.0', '::', 'localhost']

/**
 * What the first terminal shows at start, without newlines:
 *
 *   pulseledger  ward  3f9a1c2e
 *     ledger    3f9a1c2e... (longest-chain)
 *     head      #12 of 2026-11-22 11:16:33Z, 15 readings
 *     terminal  127.0.0.1:9000  BPM
 *
 *   In another terminal, type:
 *     nc localhost 9000
 *
 *   To run a second node, there or on another machine:
 *     npx pulseledger join pulse1...
 */
export function bannerLines(
  status: Status,
  document: GenesisDocument,
  addresses: readonly TerminalAddress[],
  palette: Palette,
  { invitation, notes }: { readonly invitation: string | undefined; readonly notes: readonly StartNote[] },
): string[] {
  const { ledger, head, network } = status
  const [first] = addresses
  return [
    [
      palette.strong('pulseledger'),
      palette.value(printable(document.name)),
      palette.hash(shortHash(ledger.id)),
    ].join('  '),
    `  ${palette.dim('ledger  ')}  ${palette.hash(toHex(ledger.id))} (${printable(ledger.engine)})`,
    `  ${palette.dim('head    ')}  #${head.height} of ${plainTime(head.time)}, ${head.size} readings`,
    ...addresses.map((address) => {
      const subject = address.subject === undefined ? '' : `  ${printable(address.subject)}`
      const what = `${printable(address.measure.label)}${subject}`
      const taken = address.movedFrom === undefined ? '' : `  (port ${address.movedFrom} is taken)`
      return `  ${palette.dim('terminal')}  ${hostPort(address)}  ${what}${taken}`
    }),
    ...(network === undefined ? [] : [`  ${palette.dim('nodes   ')}  ${addressesText(network)}`]),
    ...notes.map((note) => `  ${palette.dim('note    ')}  ${noteText(note)}`),
    ...(first === undefined
      ? []
      : ['', 'In another terminal, type:', `  ${palette.strong(ncCommand(first))}`]),
    ...(invitation === undefined
      ? []
      : ['', 'To run a second node, there or on another machine:', `  ${palette.strong(invitation)}`]),
  ]
}

function noteText(note: StartNote): string {
  switch (note.kind) {
    case 'directory-moved':
      return `${printable(note.from)} is in use, so this node keeps its ledger in ${printable(note.to)}`
    case 'port-moved': {
      const whom = note.service === 'nodes' ? 'other nodes' : 'terminals'
      return `port ${note.from} is taken, so this node serves ${whom} on ${note.to}`
    }
    case 'joined': {
      const from = note.addresses.map((address) => printable(address)).join(', ')
      return `this ledger was fetched from ${from}${note.isTrusted ? ': compare its id with theirs' : ''}`
    }
    case 'rejoined': {
      const erased = note.erasedCount === 0 ? '' : `, ${note.erasedCount} without their readings are not`
      const aside = `the old ledger is in ${printable(note.setAside, PATH_CHARACTERS_MAX)}`
      return `${note.offeredCount} entries are offered to the other nodes again${erased}; ${aside}`
    }
  }
}

function ncCommand({ host, port }: TerminalAddress): string {
  return `nc ${LOCAL_HOSTS.includes(host) ? 'localhost' : host} ${port}`
}
