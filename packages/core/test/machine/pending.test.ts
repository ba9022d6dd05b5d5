import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equalBytes, toHex } from '../../src/bytes.ts'
import type { Signer } from '../../src/crypto.ts'
import type { EntryWithPayload } from '../../src/entry/entry.ts'
import {
  type NextOnChain,
  Pending,
  type PendingEntry,
  type PendingLimits,
} from '../../src/machine/pending.ts'
import { authors, testEntry, testRules } from '../support/block-builder.ts'
import { runs } from '../support/runs.ts'

const { ledgerId } = testRules()
const [ann, ben, cleo] = authors as [Signer, Signer, Signer, Signer]
const LIMITS: PendingLimits = {
  entriesMax: 12,
  bytesMax: 3_200,
  gapMax: 3,
  gappedMax: 100,
  foreignPercent: 100,
}

function entry(author: Signer, sequence: number, variant = 0): EntryWithPayload {
  return testEntry(ledgerId, author, sequence, variant, variant === 2 ? 'n'.repeat(300) : undefined)
}

function bytesOf({ entry, payload }: EntryWithPayload): number {
  return entry.bytes.length + payload.length
}

interface Waiting {
  readonly item: EntryWithPayload
  readonly tickets: number[]
  readonly isStored: boolean
}

/** Pending as one list, and the chain as one list for each author. */
class Twin {
  line: Waiting[] = []
  readonly chain = new Map<Signer, EntryWithPayload[]>(authors.map((author) => [author, []]))

  onChain(author: Signer): EntryWithPayload[] {
    return this.chain.get(author) as EntryWithPayload[]
  }

  held(author: Signer, sequence: number): Waiting | undefined {
    return this.line.find(
      ({ item }) => equalBytes(item.entry.author, author.publicKey) && item.entry.sequence === sequence,
    )
  }

  next(author: Signer): number {
    let next = this.onChain(author).length
    while (this.held(author, next)) next += 1
    return next
  }

  get bytes(): number {
    return this.line.reduce((sum, { item }) => sum + bytesOf(item), 0)
  }

  add(author: Signer, item: EntryWithPayload, ticket: number): string | undefined {
    const { sequence } = item.entry
    const held = this.held(author, sequence)
    if (held?.item === item) {
      held.tickets.push(ticket)
      return undefined
    }
    if (this.line.length >= LIMITS.entriesMax) return 'PENDING_FULL'
    if (this.bytes + bytesOf(item) > LIMITS.bytesMax) return 'PENDING_FULL'
    if (sequence < this.next(author) || held) return 'ENTRY_SEQUENCE_TAKEN'
    if (sequence - this.next(author) > LIMITS.gapMax) return 'ENTRY_SEQUENCE_GAP'
    this.line.push({ item, tickets: [ticket], isStored: false })
    return undefined
  }

  remove(waiting: Waiting | undefined): void {
    this.line = this.line.filter((other) => other !== waiting)
  }

  restore(author: Signer, items: readonly EntryWithPayload[]): { added: string[]; displaced: string[] } {
    const added: string[] = []
    const displaced: string[] = []
    for (const item of items) {
      const held = this.held(author, item.entry.sequence)
      if (held?.item === item || item.entry.sequence < this.onChain(author).length) continue
      if (held) displaced.push(toHex(held.item.entry.id))
      this.remove(held)
      this.line.push({ item, tickets: [], isStored: true })
      added.push(toHex(item.entry.id))
    }
    return { added, displaced }
  }

  take(entriesMax: number, bytesMax: number): string[] {
    const taken: EntryWithPayload[] = []
    for (const { item } of this.line) {
      if (taken.length === entriesMax) break
      const author = authorOf(item)
      const before = taken.filter((other) => authorOf(other) === author).length
      if (item.entry.sequence !== this.onChain(author).length + before) continue
      if ([...taken, item].reduce((sum, other) => sum + bytesOf(other), 0) > bytesMax) break
      taken.push(item)
    }
    return taken.map((item) => toHex(item.entry.id))
  }
}

function authorOf({ entry }: EntryWithPayload): Signer {
  return authors.find(({ publicKey }) => equalBytes(publicKey, entry.author)) as Signer
}

function idsOf(items: readonly EntryWithPayload[]): string[] {
  return items.map(({ entry }) => toHex(entry.id))
}

const author = fc.nat({ max: 2 })
const variant = fc.nat({ max: 2 })
const operation = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), author, variant, ahead: fc.integer({ min: -2, max: 5 }) }),
  fc.record({ kind: fc.constant('connect' as const), author, variant }),
  fc.record({ kind: fc.constant('reorg' as const), author, variant, depth: fc.nat({ max: 3 }) }),
  fc.record({
    kind: fc.constant('restore' as const),
    author,
    variant,
    ahead: fc.integer({ min: -1, max: 3 }),
  }),
)

describe('pending', () => {
  test('holds, refuses, gives and takes back what a plain list does', () => {
    const codes = new Set<string | undefined>()
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60, size: 'max' }), (operations) => {
        const twin = new Twin()
        const pending = new Pending(LIMITS)
        const nextOnChain: NextOnChain = (key) =>
          twin.onChain(authors.find(({ publicKey }) => equalBytes(publicKey, key)) as Signer).length
        for (const [ticket, step] of operations.entries()) {
          const signer = authors[step.author] as Signer
          const chain = twin.onChain(signer)
          switch (step.kind) {
            case 'add': {
              const item = entry(signer, Math.max(0, twin.next(signer) + step.ahead), step.variant)
              const added = pending.add(item, nextOnChain, { tickets: [ticket], isOurs: true })
              const code = added.ok ? undefined : added.error.code
              expect(code).toBe(twin.add(signer, item, ticket))
              codes.add(code)
              break
            }
            case 'connect': {
              const held = twin.held(signer, chain.length)
              const left = pending.leave(signer.publicKey, chain.length)
              expect(left && toHex(left.entry.id)).toBe(held && toHex(held.item.entry.id))
              expect(left?.tickets).toEqual(held?.tickets)
              expect(left?.isStored).toBe(held?.isStored)
              twin.remove(held)
              chain.push(entry(signer, chain.length, step.variant))
              break
            }
            case 'reorg':
            case 'restore': {
              const items =
                step.kind === 'reorg'
                  ? chain.splice(Math.max(0, chain.length - step.depth))
                  : [entry(signer, Math.max(0, chain.length + step.ahead), step.variant)]
              const { added, displaced } = pending.restore(items, nextOnChain)
              pending.rebase(nextOnChain)
              expect({ added: idsOf(added), displaced: idsOf(displaced) }).toEqual(
                twin.restore(signer, items),
              )
            }
          }
          expect(idsOf([...pending.entries()])).toEqual(twin.line.map(({ item }) => toHex(item.entry.id)))
          expect([pending.count, pending.byteCount]).toEqual([twin.line.length, twin.bytes])
          for (const other of authors) {
            expect(pending.nextSequence(other.publicKey, nextOnChain)).toBe(twin.next(other))
          }
          const limits = { entriesMax: 4, bytesMax: 900 }
          expect(idsOf(pending.take(limits, nextOnChain))).toEqual(twin.take(4, 900))
        }
      }),
      runs(150),
    )
    expect([...codes].sort()).toEqual([
      'ENTRY_SEQUENCE_GAP',
      'ENTRY_SEQUENCE_TAKEN',
      'PENDING_FULL',
      undefined,
    ])
  })

  const fromZero: NextOnChain = () => 0

  function codeOf(pending: Pending, item: EntryWithPayload): string | undefined {
    const added = pending.add(item, fromZero)
    return added.ok ? undefined : added.error.code
  }

  test('is full at exactly its number of entries', () => {
    const pending = new Pending({ entriesMax: 2, foreignPercent: 100 })
    expect([0, 1, 2].map((sequence) => codeOf(pending, entry(ann, sequence)))).toEqual([
      undefined,
      undefined,
      'PENDING_FULL',
    ])
    expect(pending.add(entry(ann, 1), fromZero).ok).toBe(true)
  })

  test('is full at exactly its number of bytes', () => {
    const bytes = bytesOf(entry(ann, 0)) + bytesOf(entry(ann, 1))
    for (const [bytesMax, second] of [
      [bytes, undefined],
      [bytes - 1, 'PENDING_FULL'],
    ] as const) {
      const pending = new Pending({ bytesMax, foreignPercent: 100 })
      expect([0, 1].map((sequence) => codeOf(pending, entry(ann, sequence)))).toEqual([undefined, second])
    }
  })

  test('holds entries exactly as far ahead as the gap allows', () => {
    const pending = new Pending({ gapMax: 3 })
    expect(codeOf(pending, entry(ann, 4))).toBe('ENTRY_SEQUENCE_GAP')
    expect(codeOf(pending, entry(ann, 3))).toBeUndefined()
  })

  test('takes back what had been accepted whatever its limits, and nothing new until there is room', () => {
    const pending = new Pending({ entriesMax: 1, bytesMax: 1, gapMax: 0 })
    const { added } = pending.restore([entry(ann, 0), entry(ann, 1), entry(ann, 3)], fromZero)
    expect(added).toHaveLength(3)
    expect(codeOf(pending, entry(ann, 2))).toBe('PENDING_FULL')
  })

  test('gives entries in the order of arrival, so that no author waits for one that sends more', () => {
    const pending = new Pending()
    const arrivals = [...Array(50).keys()].map((sequence) => entry(ann, sequence))
    arrivals.splice(3, 0, entry(ben, 0))
    arrivals.splice(5, 0, entry(cleo, 0))
    for (const item of arrivals) pending.add(item, fromZero)
    const taken = pending.take({ entriesMax: 6, bytesMax: 10_000 }, fromZero)
    expect(idsOf(taken)).toEqual(idsOf(arrivals.slice(0, 6)))
  })

  test('finds an entry by its id while it waits', () => {
    const pending = new Pending()
    const item = entry(ann, 0)
    expect(pending.get(item.entry.id)).toBeUndefined()
    pending.add(item, fromZero, { tickets: [5] })
    expect(pending.get(item.entry.id)?.tickets).toEqual([5])
    const left = pending.leave(ann.publicKey, 0) as PendingEntry
    expect(toHex(left.entry.id)).toBe(toHex(item.entry.id))
    expect(pending.get(item.entry.id)).toBeUndefined()
  })
})
