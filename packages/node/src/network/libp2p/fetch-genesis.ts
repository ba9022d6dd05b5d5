import type { Hash } from '@pulseledger/core'
import { createLibp2p } from 'libp2p'
import { NODE_LIMITS } from '../../limits.ts'
import { type Clock, NodeFailure } from '../../ports.ts'
import { addressOrThrow, addressText } from './addresses.ts'
import { transportOptions } from './config.ts'
import { askHello } from './hello.ts'
import { Requests } from './requests.ts'

export interface FetchGenesisInit {
  /** As `--peer` takes it. */
  readonly address: string
  /** 32 bytes. */
  readonly swarmKey?: Uint8Array
  readonly timeoutMs: number
  readonly clock: Clock
}

export interface FetchedGenesis {
  /** What the other end says. Whether the document is that ledger's is for the caller to find out. */
  readonly ledgerId: Hash
  /** The genesis document, undecoded. */
  readonly genesis: Uint8Array
}

/**
 * Asks the node at an address for its ledger, as somebody who wants to join it: with a key of the moment,
 * listening nowhere. Errors, as a `NodeFailure`: NETWORK_ADDRESS_INVALID, PEER_UNREACHABLE, PEER_TIMEOUT,
 * PEER_GONE, PEER_REFUSED, PEER_ANSWER_INVALID.
 */
export async function fetchGenesis(init: FetchGenesisInit): Promise<FetchedGenesis> {
  const { clock, timeoutMs, swarmKey } = init
  const address = addressOrThrow(init.address)
  const text = addressText(address)
  const usesRelays = address.getComponents().some(({ name }) => name === 'p2p-circuit')
  const node = await createLibp2p({
    ...(await transportOptions({ clock, swarmKey, usesRelays })),
    // A node at home is what most invites are for: libp2p may not refuse private addresses.
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: { dialTimeout: timeoutMs, addressDialTimeout: timeoutMs, reconnectRetries: 0 },
  })
  const requests = new Requests(clock)
  const overdue = new AbortController()
  const cancel = clock.after(timeoutMs, () => overdue.abort())
  try {
    const connection = await node.dial(address, { signal: overdue.signal }).catch((cause: unknown) => {
      const reason = overdue.signal.aborted ? `within ${timeoutMs} ms` : `: ${messageOf(cause)}`
      throw new NodeFailure('PEER_UNREACHABLE', `nobody answered at ${text} ${reason}`, { cause })
    })
    const helloMs = Math.min(timeoutMs, NODE_LIMITS.peerDialTimeoutMs)
    const { ledger, genesis } = await askHello(requests, connection, null, helloMs)
    if (genesis === null) throw new NodeFailure('PEER_ANSWER_INVALID', `${text} sent no genesis document`)
    return { ledgerId: ledger.slice(), genesis: genesis.slice() }
  } finally {
    cancel()
    requests.stop()
    await node.stop()
  }
}

/** The first line: errors of libp2p may carry the stacks of others. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return text.split('\n', 1)[0] ?? text
}
