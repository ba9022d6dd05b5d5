import { expect, test, vi } from 'vitest'
import { loadCrypto } from '../../src/crypto/index.ts'

vi.mock('sodium-native', () => {
  throw new Error('no binary for this machine')
})

test('node:crypto takes over when sodium-native does not load', async () => {
  expect((await loadCrypto()).name).toBe('node:crypto')
  expect((await loadCrypto('node')).name).toBe('node:crypto')
})

test('sodium-native that was asked for and does not load is an error', async () => {
  await expect(loadCrypto('sodium')).rejects.toThrow('sodium-native is not installed')
})
