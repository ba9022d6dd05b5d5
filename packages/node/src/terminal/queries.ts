/**
 * What the commands of a terminal are answered: whole lines, printable ASCII, bounded whatever the ledger
 * holds.
 */
import { NODE_LIMITS } from '../limits.ts'
import type { NodeService, PeerView, VerifyReport } from '../ports.ts'
import { type BlockView, blockView } from '../views/block-view.ts'
import { miningText } from '../views/mining-text.ts'
import { PLAIN } from '../views/palette.ts'
import { addressesText, networkText, peerLines, producingText } from '../views/peer-text.ts'
import { printable } from '../views/printable.ts'
import { blockDetail, blockLines, genesisLines, placeOf, shortHash } from '../views/text.ts'
import { plainTime } from '../views/time.ts'

/** What is read of the node to answer. */
export type Readable = Pick<NodeService, 'document' | 'status' | 'blocks'>

/** `terminalCount` is how many terminals are connected. */
export function statusText(node: Readable, terminalCount: number): string {
  const { ledger, head, finalHeight, pendingCount, startedAt, network, mining } = node.status()
  return text([
    `ledger     ${printable(ledger.name)} ${shortHash(ledger.id)} (${printable(ledger.engine)})`,
    `head       #${head.height} ${shortHash(head.hash)} of ${plainTime(head.time)}`,
    `readings   ${head.size}, ${pendingCount} pending`,
    `final      up to #${finalHeight}`,
    `node       up since ${plainTime(startedAt)}`,
    `terminals  ${terminalCount}`,
    ...(mining === undefined ? [] : [`mining     ${miningText(mining)}`]),
    ...(network === undefined
      ? ['network    off']
      : [
          `network    ${networkText(network)}`,
          `addresses  ${addressesText(network)}`,
          `producing  ${producingText(network, mining)}`,
        ]),
  ])
}

/** The nodes that are connected, but not all of a crowd. */
export function peersText(peers: readonly PeerView[]): string {
  const more = peers.length - NODE_LIMITS.peersShownMax
  const listed = peerLines(peers.slice(0, NODE_LIMITS.peersShownMax))
  return text([...listed, ...(more > 0 ? [`... and ${more} more: pulseledger peers lists them`] : [])])
}

/** The latest of `total` blocks, ascending: one a line, the newest last. */
export function chainText(views: readonly BlockView[], total: number): string {
  const title = views.length < total ? [`Latest ${views.length} of ${total} blocks:`] : []
  return text([...title, ...blockLines(views)])
}

/** Everything about one block, but not all readings of a large one. */
export function showText(node: Readable, height: number): string {
  const status = node.status()
  const head = status.head.height
  if (height > head) return text([`There is no block #${height} yet: the head is #${head}`])
  const [block] = [...node.blocks(height, height)]
  if (block === undefined) return text([`Block #${height} could not be read: type verify`])
  const view = blockView(block, node.document, NODE_LIMITS.showReadingsMax)
  if (height === 0) return text(genesisLines(node.document, view))
  return text(blockDetail(view, PLAIN, { place: placeOf(height, status) }))
}

/** What a verification found. */
export function verifyText({ ok, blockCount, entryCount, headHeight, problems }: VerifyReport): string {
  const what = `${counted(blockCount, 'block')} and ${counted(entryCount, 'reading')} up to #${headHeight}`
  if (ok) return text([`Verified ${what}: every hash, signature and link is right.`])
  const listed = problems.slice(0, NODE_LIMITS.verifyProblemsShownMax)
  const more = problems.length - listed.length
  return text([
    `NOT RIGHT: ${counted(problems.length, 'problem')} in ${what}:`,
    ...listed.map(({ height, field, message, remedy }) => {
      const where = height === undefined ? '' : `#${height} `
      return `  ${where}${printable(field)}: ${printable(message)}. ${printable(remedy)}`
    }),
    ...(more > 0 ? [`  ... and ${more} more: pulseledger verify lists them`] : []),
  ])
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
