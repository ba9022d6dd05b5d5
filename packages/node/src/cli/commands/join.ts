import { parseInvite } from '@pulseledger/core'
import { parseNodeAddress } from '../../config/node-address.ts'
import { nodeOptions } from '../../config/node-options.ts'
import { loadCrypto } from '../../crypto/index.ts'
import type { NodeAddress } from '../../options.ts'
import { NodeFailure } from '../../ports.ts'
import { type Call, type Command, preferred } from '../command.ts'
import { runNode } from '../run-node.ts'
import { unwrap } from '../unwrap.ts'

export const join: Command = {
  name: 'join',
  summary: 'run a node of a ledger that runs elsewhere',
  description: `Fetches the ledger that an invite names from the nodes that it names, then runs a node as
\`start\` does. The node finds the others again by itself, so afterwards \`start\` is enough.
A running node prints its invite; \`pulseledger invite\` prints it again.`,
  argument: { name: '<invite>', help: 'the word that a running node prints' },
  options: [],
  examples: [
    ['pulseledger join pulse1...', 'here, in a directory of its own'],
    ['pulseledger join pulse1... -a 9010 -d ward-3', 'with your port and directory'],
    ['pulseledger join pulse1... --no-mdns', 'looking for no others nearby'],
  ],
  run,
}

async function run({ io, config, argument = '' }: Call): Promise<void> {
  const chosen = unwrap(nodeOptions(config, io.invocation))
  const crypto = await loadCrypto(preferred(config.values.crypto))
  const { ledgerId, addresses } = unwrap(parseInvite(argument, crypto))
  if (chosen.listen === undefined) {
    throw new NodeFailure('NETWORK_OFF', 'a ledger is joined over the network, which is off here')
  }
  const invited = addresses.filter(isDialable)
  const peers = [...new Set([...invited, ...chosen.peers])]
  if (peers.length === 0) {
    throw new NodeFailure('PEER_UNREACHABLE', 'the invite names no address; name one with --peer')
  }
  await runNode({
    io,
    config,
    options: { ...chosen, peers },
    source: { kind: 'invite', addresses: peers, ledgerId },
  })
}

/** A stranger wrote the invite: what is none of our forms is not dialled. */
export function isDialable(address: NodeAddress): boolean {
  return parseNodeAddress(address).ok
}
