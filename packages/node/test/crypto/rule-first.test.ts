import { loadBrowserCrypto } from '@pulseledger/client'
import { expect, test, vi } from 'vitest'
import { loadCrypto } from '../../src/crypto/index.ts'

// On this machine no library decides otherwise than the rule, so a rule that refuses everything shows who
// asks it.
vi.mock('@pulseledger/core', async (original) => ({
  ...(await original<typeof import('@pulseledger/core')>()),
  isAcceptableKeyAndR: () => false,
}))

test.each([
  { name: 'sodium-native', load: () => loadCrypto('sodium') },
  { name: 'node:crypto', load: () => loadCrypto('node') },
  { name: 'libsodium-wrappers', load: loadBrowserCrypto },
])('$name verifies nothing that the rule of the ledger refuses', async ({ load }) => {
  const crypto = await load()
  const signer = crypto.signer(new Uint8Array(32))
  const message = new Uint8Array([1, 2, 3])
  expect(crypto.verify(signer.publicKey, message, signer.sign(message))).toBe(false)
})
