import { type Block, equalBytes, type Hash, printable } from '@pulseledger/core'
import { genesisJson } from '../../config/genesis-choice.ts'
import { loadCrypto } from '../../crypto/index.ts'
import { NodeFailure } from '../../ports.ts'
import { blockView } from '../../views/block-view.ts'
import { entryLines } from '../../views/entry-text.ts'
import { blockEvent, entryEvent } from '../../views/event-json.ts'
import { COLOURED, type Palette, PLAIN } from '../../views/palette.ts'
import { blockDetail, genesisLines, type Place, placeOf } from '../../views/text.ts'
import { type Call, type Command, JSON_OPTION } from '../command.ts'
import { entryIndex, type Found, findById, ID_DIGITS_MIN } from '../find.ts'
import { hasColours } from '../io.ts'
import type { LedgerAccess } from '../ledger-access.ts'
import { openAccess } from '../open-access.ts'
import { Output } from '../output.ts'

export const show: Command = {
  name: 'show',
  summary: 'show one block, one reading, or the genesis document',
  description: `Shows everything about a block: by its height on the chain, or by its hash on any branch; or
what became of an entry, by its id: pending, included, final, or rejected and why. The first
${ID_DIGITS_MIN} digits of a hash or id are enough for what is on the chain.
"genesis" prints the document that the ledger began with, as \`init\` and \`start\` take it.`,
  argument: { name: '<block>', help: 'a height, the digits of a hash or an id, or the word genesis' },
  options: [JSON_OPTION],
  examples: [
    ['pulseledger show 7', 'block 7 of the chain'],
    ['pulseledger show 7 --json', 'the same for a program'],
    ['pulseledger show 5d0c77aa', 'the entry, or the block, with this id'],
    ['pulseledger show genesis > ward-2.json', 'for another node of the same ledger'],
  ],
  run,
}

interface Shown {
  readonly access: LedgerAccess
  readonly palette: Palette
  readonly json: boolean
}

async function run({ io, config, argument = '', json }: Call): Promise<void> {
  const name = argument.toLowerCase()
  if (name !== 'genesis' && !isHeight(name) && !isId(name)) throw notUnderstood(argument)
  const access = await openAccess({
    directory: config.values.dataDir,
    crypto: await loadCrypto(),
    clock: io.clock,
  })
  const output = new Output(io.stdout)
  const palette = hasColours(io.stdout, io.environment) ? COLOURED : PLAIN
  try {
    for (const line of await linesOf(name, { access, palette, json })) await output.line(line)
  } finally {
    await access.close()
    await output.flush()
  }
}

async function linesOf(name: string, shown: Shown): Promise<readonly string[]> {
  const { access } = shown
  if (name === 'genesis') return [genesisJson(await access.document())]
  const block = isHeight(name) ? await blockAt(access, Number(name)) : undefined
  if (block) return blockLines(block, shown)
  if (!isId(name)) throw new NodeFailure('BLOCK_NOT_FOUND', `there is no block ${printable(name, 64)}`)
  const found: Found | undefined = await findById(access, name)
  if (!found) throw new NodeFailure('ENTRY_UNKNOWN', `there is no block and no entry ${name}`)
  return found.kind === 'block' ? blockLines(found.block, shown) : entryOf(found.id, shown)
}

async function blockLines(block: Block, { access, palette, json }: Shown): Promise<readonly string[]> {
  const document = await access.document()
  const place = await canonicalPlace(access, block)
  if (json) return [blockEvent(block, document, place)]
  const view = blockView(block, document)
  if (view.height === 0) return genesisLines(document, view, palette)
  return blockDetail(view, palette, { readingsMax: view.readingCount, place })
}

async function entryOf(id: Hash, { access, palette, json }: Shown): Promise<readonly string[]> {
  const state = await access.entryState(id)
  const isOnChain = state.kind === 'included' || state.kind === 'final'
  const block = isOnChain ? await access.block(state.receipt.blockHash) : undefined
  const index = block ? entryIndex(block, id) : -1
  const reading = block && blockView(block, await access.document(), index + 1).readings[index]
  return json ? [entryEvent(id, state, reading)] : entryLines(id, state, reading, palette)
}

/** Undefined for a block of another branch. */
async function canonicalPlace(access: LedgerAccess, { header, hash }: Block): Promise<Place | undefined> {
  const canonical = await blockAt(access, header.height)
  if (!canonical || !equalBytes(canonical.hash, hash)) return undefined
  return placeOf(header.height, await access.status())
}

async function blockAt(access: LedgerAccess, height: number): Promise<Block | undefined> {
  for await (const block of access.blocks(height, height)) return block
  return undefined
}

function isHeight(text: string): boolean {
  return /^(?:0|[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(Number(text))
}

function isId(text: string): boolean {
  return /^[0-9a-f]*$/.test(text) && text.length >= ID_DIGITS_MIN && text.length <= 64
}

function notUnderstood(text: string): NodeFailure {
  const forms = `a height, ${ID_DIGITS_MIN} to 64 hexadecimal digits of a hash or an id, or the word genesis`
  return new NodeFailure('USAGE_INVALID', `'${printable(text)}' is not ${forms}`)
}
