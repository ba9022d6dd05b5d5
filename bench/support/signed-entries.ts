import { type EntryWithPayload, encodePayload, type Hash, signEntry } from '@pulseledger/core'
import type { NodeCrypto } from 'pulseledger'

const AUTHOR_COUNT = 20

/** Authors take turns, so every batch holds entries of each. */
export function signEntries(count: number, ledgerId: Hash, crypto: NodeCrypto): EntryWithPayload[] {
  const authors = Array.from({ length: AUTHOR_COUNT }, (_, i) =>
    crypto.signer(new Uint8Array(32).fill(i + 1)),
  )
  return Array.from({ length: count }, (_, i) => {
    const salt = new Uint8Array(16)
    new DataView(salt.buffer).setUint32(0, i)
    const payload = encodePayload({
      salt,
      measure: 'bpm',
      value: 40 + (i % 100),
      time: 1_800_000_000_000 + i,
    })
    const sequence = Math.floor(i / AUTHOR_COUNT)
    const signer = authors[i % AUTHOR_COUNT] as (typeof authors)[number]
    return {
      entry: signEntry({ ledgerId, sequence, commitment: crypto.sha256(payload) }, signer, crypto),
      payload,
    }
  })
}
