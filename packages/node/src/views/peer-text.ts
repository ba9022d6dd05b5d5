/**
 * Peers and the network as lines for people. Printable ASCII: addresses come from strangers.
 *
 *   9a1b2c3d  10.0.0.7:7400      out  #12   same     since 2026-11-22 11:16:33Z
 *   77c0e1f2  192.168.1.9:51234  in   #9    behind   since 2026-11-22 11:20:02Z
 */
import type { SyncProgress } from '@pulseledger/core'
import type { MiningStatus, NetworkStatus, PeerConnection, PeerView } from '../ports.ts'
import { type Palette, PLAIN } from './palette.ts'
import { printable } from './printable.ts'
import { shortHash } from './text.ts'
import { plainTime } from './time.ts'

const ADDRESS_CHARACTERS_MAX = 80

/** The first digits of the node's public key, as its blocks and entries show it. */
export function shortPeer({ publicKey }: Pick<PeerConnection, 'publicKey'>): string {
  return shortHash(publicKey)
}

export function peerLines(peers: readonly PeerView[], palette: Palette = PLAIN): string[] {
  if (peers.length === 0) return ['no peers: nobody is connected']
  const rows = peers.map((peer) => ({
    peer,
    address: printable(peer.address, ADDRESS_CHARACTERS_MAX),
    height: peer.head ? `#${peer.head.height}` : '-',
  }))
  const addressWidth = Math.max(...rows.map(({ address }) => address.length))
  const heightWidth = Math.max(...rows.map(({ height }) => height.length))
  return rows.map(({ peer, address, height }) =>
    [
      palette.hash(shortPeer(peer)),
      address.padEnd(addressWidth),
      peer.direction === 'inbound' ? 'in ' : 'out',
      height.padEnd(heightWidth),
      peer.state.padEnd(8),
      palette.dim(`since ${plainTime(peer.connectedAt)}`),
    ].join('  '),
  )
}

/** `synced`, `catching up (120 of 10000)`. */
export function progressText(progress: SyncProgress): string {
  return progress.kind === 'synced' ? 'synced' : `catching up (${progress.height} of ${progress.target})`
}

/** `3 peers, synced`. */
export function networkText({ peerCount, sync }: NetworkStatus): string {
  return `${peerCount} ${peerCount === 1 ? 'peer' : 'peers'}, ${progressText(sync)}`
}

/** Whether a node may make blocks. */
export function producingText({ mayProduce }: NetworkStatus, mining: MiningStatus | undefined): string {
  if (mayProduce) return 'yes'
  return mining?.threads === 0
    ? 'no: it does not mine'
    : 'no: its key is not among the producers of the ledger'
}

/** Separated by commas. */
export function addressesText({ addresses }: NetworkStatus): string {
  return addresses.map((address) => printable(address, ADDRESS_CHARACTERS_MAX)).join(', ') || 'none yet'
}
