import { type Block, blockBytes, parseBlock } from '../../src/block/block.ts'
import { toHex } from '../../src/bytes.ts'
import { validateBlockContents } from '../../src/validation/block-contents.ts'
import { crypto, type Rules, unwrap } from './block-builder.ts'

const checked = new Set<string>()

/**
 * Throws unless others will take this block for a sound one: within the limits, and its bytes say what it
 * says.
 */
export function checkProduced(block: Block, rules: Rules): void {
  const key = toHex(block.hash)
  if (checked.has(key)) return
  checked.add(key)
  const { document } = rules
  if (blockBytes(block) > document.limits.blockBytes) throw new Error(`${blockBytes(block)} bytes in a block`)
  if (block.entries.length > document.limits.blockEntries) throw new Error(`${block.entries.length} entries`)
  unwrap(validateBlockContents(block, { ...rules, crypto }))
  const { headerBytes, signature, bodyBytes, payloads } = block
  const again = unwrap(parseBlock({ headerBytes, signature, bodyBytes, payloads }, crypto))
  if (summary(again) !== summary(block)) throw new Error('a block whose bytes say something else')
}

function summary({ header, hash, entries }: Block): string {
  const bytes = (_: string, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value)
  return JSON.stringify({ header, hash, entries }, bytes)
}
