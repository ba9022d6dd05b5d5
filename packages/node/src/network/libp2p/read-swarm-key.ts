import { open } from 'node:fs/promises'
import { NODE_LIMITS } from '../../limits.ts'
import { NodeFailure } from '../../ports.ts'
import { parseSwarmKey } from './swarm-key.ts'

/** The 32 bytes of the key in a file. Rejects with SWARM_KEY_INVALID, also when it cannot be read. */
export async function readSwarmKey(path: string): Promise<Uint8Array> {
  const key = parseSwarmKey(await readCapped(path))
  if (key.ok) return key.value
  throw new NodeFailure(key.error.code, `${path}: ${key.error.message}`)
}

/** One byte more than a key file may have at most: that is enough to refuse it. */
async function readCapped(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r')
    try {
      const buffer = new Uint8Array(NODE_LIMITS.swarmKeyBytesMax + 1)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new NodeFailure('SWARM_KEY_INVALID', `${path} cannot be read: ${reason}`, { cause })
  }
}
