import { setImmediate } from 'node:timers/promises'
import { type Block, equalBytes, fromHex, type Hash, toHex } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import type { NodeService } from '../ports.ts'
import { blockView } from '../views/block-view.ts'
import { entryLines } from '../views/entry-text.ts'
import { PLAIN } from '../views/palette.ts'
import { blockDetail, genesisLines, placeOf } from '../views/text.ts'

/** What is read of the node to find something. */
export type FindService = Pick<NodeService, 'document' | 'status' | 'blocks' | 'blockByHash' | 'entryState'>

const ID_DIGITS = 64

/**
 * The block or entry whose hash or id begins with these digits, as a terminal is shown it. Fewer than 64 are
 * looked for in the latest `showSearchBlocksMax` blocks, newest first and one in a turn of the event loop, so
 * that nobody makes the node read its whole chain.
 */
export async function findText(service: FindService, digits: string, pause = setImmediate): Promise<string> {
  if (digits.length === ID_DIGITS) return wholeText(service, fromHex(digits) as Hash)
  const { height: head } = service.status().head
  const { showSearchBlocksMax } = NODE_LIMITS
  for (let height = head; height >= 0 && height > head - showSearchBlocksMax; height--) {
    await pause()
    for (const block of service.blocks(height, height)) {
      if (toHex(block.hash).startsWith(digits)) return blockText(service, block)
      const entry = block.entries.find(({ id }) => toHex(id).startsWith(digits))
      if (entry) return entryText(service, entry.id)
    }
  }
  const where = head < showSearchBlocksMax ? 'on the chain' : `in the latest ${showSearchBlocksMax} blocks`
  return `Nothing ${where} begins with ${digits}: all 64 digits find whatever is known here\n`
}

function wholeText(service: FindService, id: Hash): string {
  const block = service.blockByHash(id)
  return block ? blockText(service, block) : entryText(service, id)
}

function blockText(service: FindService, block: Block): string {
  const { document } = service
  const view = blockView(block, document, NODE_LIMITS.showReadingsMax)
  if (view.height === 0) return text(genesisLines(document, view))
  const [canonical] = [...service.blocks(view.height, view.height)]
  const isOnChain = canonical !== undefined && equalBytes(canonical.hash, block.hash)
  const place = isOnChain ? placeOf(view.height, service.status()) : undefined
  return text(blockDetail(view, PLAIN, { place }))
}

function entryText(service: FindService, id: Hash): string {
  const state = service.entryState(id)
  const isOnChain = state.kind === 'included' || state.kind === 'final'
  const block = isOnChain ? service.blockByHash(state.receipt.blockHash) : undefined
  const index = block ? block.entries.findIndex((entry) => equalBytes(entry.id, id)) : -1
  const reading = block && blockView(block, service.document, index + 1).readings[index]
  return text(entryLines(id, state, reading))
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
