import { type Block, fromHex, printable } from '@pulseledger/core'
import { genesisJson } from '../../config/genesis-choice.ts'
import { loadCrypto } from '../../crypto/index.ts'
import { NodeFailure } from '../../ports.ts'
import { blockView } from '../../views/block-view.ts'
import { blockEvent } from '../../views/event-json.ts'
import { COLOURED, PLAIN } from '../../views/palette.ts'
import { blockDetail, genesisLines } from '../../views/text.ts'
import { type Call, type Command, JSON_OPTION } from '../command.ts'
import { hasColours } from '../io.ts'
import type { LedgerAccess } from '../ledger-access.ts'
import { openAccess } from '../open-access.ts'
import { Output } from '../output.ts'

export const show: Command = {
  name: 'show',
  summary: 'show one block, or the genesis document',
  description: `Shows everything about a block: by its height on the chain, or by its hash on any branch.
"genesis" prints the document that the ledger began with, as \`init\` and \`start\` take it.`,
  argument: { name: '<block>', help: 'a height, a hash of 64 hexadecimal digits, or the word genesis' },
  options: [JSON_OPTION],
  examples: [
    ['pulseledger show 7', 'block 7 of the chain'],
    ['pulseledger show 7 --json', 'the same for a program'],
    ['pulseledger show genesis > ward-2.json', 'for another node of the same ledger'],
  ],
  run,
}

type Wanted =
  | { readonly kind: 'height'; readonly height: number }
  | { readonly kind: 'hash'; readonly hash: Uint8Array }
  | { readonly kind: 'genesis' }

async function run({ io, config, argument = '', json }: Call): Promise<void> {
  const wanted = wantedOf(argument)
  const access = await openAccess({
    directory: config.values.dataDir,
    crypto: await loadCrypto(),
    clock: io.clock,
  })
  const output = new Output(io.stdout)
  try {
    const document = await access.document()
    if (wanted.kind === 'genesis') {
      await output.line(genesisJson(document))
      return
    }
    const block = await find(access, wanted)
    if (!block) throw new NodeFailure('BLOCK_NOT_FOUND', `there is no block ${printable(argument, 64)}`)
    const palette = hasColours(io.stdout, io.environment) ? COLOURED : PLAIN
    const view = blockView(block, document)
    const isGenesis = view.height === 0
    const lines = () =>
      isGenesis ? genesisLines(document, view, palette) : blockDetail(view, palette, view.readingCount)
    for (const line of json ? [blockEvent(block, document)] : lines()) await output.line(line)
  } finally {
    await access.close()
    await output.flush()
  }
}

function wantedOf(text: string): Wanted {
  if (text === 'genesis') return { kind: 'genesis' }
  const hash = text.length === 64 ? fromHex(text) : undefined
  if (hash) return { kind: 'hash', hash }
  const height = Number(text)
  if (/^(?:0|[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(height)) return { kind: 'height', height }
  const message = `'${printable(text)}' is not a height, a hash of 64 hexadecimal digits, or the word genesis`
  throw new NodeFailure('USAGE_INVALID', message)
}

async function find(
  access: LedgerAccess,
  wanted: Exclude<Wanted, { kind: 'genesis' }>,
): Promise<Block | undefined> {
  if (wanted.kind === 'hash') return access.block(wanted.hash)
  for await (const block of access.blocks(wanted.height, wanted.height)) return block
  return undefined
}
