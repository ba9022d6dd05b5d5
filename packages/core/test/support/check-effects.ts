import { equalBytes } from '../../src/bytes.ts'
import type { Change } from '../../src/machine/change.ts'
import type { Effect, Notice } from '../../src/machine/events.ts'

const ORDER: readonly Effect['kind'][] = [
  'persist',
  'publish-block',
  'publish-entries',
  'notify',
  'work',
  'cancel-work',
  'wake',
]

/**
 * Throws when the effects of one step are not what events.ts promises: at most one of each kind, in the
 * order persist, publish, notify, work, wake; tokens grow; what is published or told of is in the change
 * before it, or in an earlier one. Returns the last token.
 */
export function checkEffects(effects: readonly Effect[], lastToken: number): number {
  const kinds = effects.map(({ kind }) => kind)
  const ranks = kinds.map((kind) => ORDER.indexOf(kind))
  for (const [i, rank] of ranks.entries()) {
    check(i === 0 || (ranks[i - 1] as number) < rank, `effects come in order, not ${kinds.join()}`)
  }
  const persist = effects.find((effect) => effect.kind === 'persist')
  const publish = effects.find((effect) => effect.kind === 'publish-block')
  const notify = effects.find((effect) => effect.kind === 'notify')
  check(!persist || persist.token > lastToken, 'tokens grow')
  check(!notify || notify.notices.length > 0, 'a notify says something')
  const stored = persist?.change.blocks.map(({ block }) => block) ?? []
  check(publish === undefined || stored.includes(publish.block), 'what is published is stored before')
  checkNotices(notify?.notices ?? [], persist?.change)
  return persist?.token ?? lastToken
}

function checkNotices(notices: readonly Notice[], change: Change | undefined): void {
  const left = notices.flatMap((notice) => (notice.kind === 'block-disconnected' ? [notice.block] : []))
  const joined = notices.flatMap((notice) => (notice.kind === 'block-connected' ? [notice.block] : []))
  check(same(left, change?.disconnect ?? []), 'every disconnected block is told of, in order')
  check(same(joined, change?.connect ?? []), 'every connected block is told of, in order')
  for (const notice of notices) {
    if (notice.kind !== 'included') continue
    const placed = change?.connect.find(({ block }) => equalBytes(block.hash, notice.blockHash))
    if (placed === undefined) continue // submitted again: it is in an earlier change, see LedgerHarness
    const entry = placed.block.entries[notice.index - placed.firstIndex]
    check(placed.block.header.height === notice.height, 'what is called included is in a block of the change')
    check(entry !== undefined && equalBytes(entry.id, notice.entryId), 'and at the index that it is told')
  }
}

function same(blocks: readonly unknown[], placed: readonly { readonly block: unknown }[]): boolean {
  return blocks.length === placed.length && placed.every(({ block }, i) => block === blocks[i])
}

function check(condition: boolean, claim: string): void {
  if (!condition) throw new Error(`effects that cannot be right: ${claim}`)
}
