import { toHex } from '@pulseledger/core'
import { loadCrypto } from '../../crypto/index.ts'
import type { PeerView } from '../../ports.ts'
import { peerLines } from '../../views/peer-text.ts'
import { asciiJson } from '../../views/printable.ts'
import { millisecondsTime } from '../../views/time.ts'
import { type Call, type Command, JSON_OPTION } from '../command.ts'
import { openRunning } from '../open-access.ts'
import { Output } from '../output.ts'

export const peers: Command = {
  name: 'peers',
  summary: 'list the nodes that are connected',
  description: `Lists the nodes that the running node is connected to: the first digits of their public key,
where they are, who dialled whom (in, out), the height of their chain, whether it is the same as
ours, ahead, behind, or diverged from it below our final block, and since when.`,
  options: [JSON_OPTION],
  examples: [
    ['pulseledger peers', 'a line for each'],
    ['pulseledger peers --json | jq .peers[].address', 'for a program'],
  ],
  run,
}

async function run({ io, config, json }: Call): Promise<void> {
  const node = await openRunning({
    directory: config.values.dataDir,
    crypto: await loadCrypto(),
    clock: io.clock,
  })
  const output = new Output(io.stdout)
  try {
    const found = await node.peers()
    for (const line of json ? [peersJson(found)] : peerLines(found)) await output.line(line)
  } finally {
    await node.close()
    await output.flush()
  }
}

function peersJson(found: readonly PeerView[]): string {
  return asciiJson({
    peers: found.map(({ publicKey, connectedAt, head, ...rest }) => ({
      ...rest,
      publicKey: toHex(publicKey),
      connectedAt: millisecondsTime(connectedAt),
      head: head ? { height: head.height, hash: toHex(head.hash) } : null,
    })),
  })
}
