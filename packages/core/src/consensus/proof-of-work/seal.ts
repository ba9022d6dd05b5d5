/**
 * The seal of a proof-of-work block, 48 bytes: what the header must say so that its child can be checked
 * without looking further back.
 *
 *   target       32  greatest work digest, big-endian
 *   window time   8  ms since 1970 of the last block of the window before; of genesis in the first window
 *   nonce         8  big-endian
 *
 * Sample, of 50 million hashes in the window from 2026-01-01 and a nonce of 5 million:
 *
 *   00000055e63b88c230e77e7ee106959b5d3e1e9ea69ebac0b0b4be383479da35
 *   0000019b76daa800 00000000004c4b40
 */
import { concatBytes, uint64 } from '../../bytes.ts'
import { fail, ok, type Result } from '../../result.ts'
import { NONCE_BYTES, readUint256, uint256 } from '../work.ts'

const TARGET_BYTES = 32
const SEAL_BYTES = TARGET_BYTES + 8 + NONCE_BYTES

/** What a seal says beside the nonce; both follow from the parent. */
export interface WindowState {
  readonly target: bigint
  readonly windowTime: number
}

/** With a nonce of zero. */
export function encodeSeal({ target, windowTime }: WindowState): Uint8Array {
  return concatBytes(uint256(target), uint64(windowTime), new Uint8Array(NONCE_BYTES))
}

/**
 * Errors: BLOCK_SEAL_INVALID. Any 48 bytes are a seal; whether its fields are right only the parent shows.
 */
export function decodeSeal(seal: Uint8Array): Result<WindowState & { readonly nonce: bigint }> {
  if (seal.length !== SEAL_BYTES) {
    return fail('BLOCK_SEAL_INVALID', `a seal of ${seal.length} bytes; proof of work has ${SEAL_BYTES}`)
  }
  const view = new DataView(seal.buffer, seal.byteOffset, SEAL_BYTES)
  return ok({
    target: readUint256(seal),
    windowTime: Number(view.getBigUint64(TARGET_BYTES)),
    nonce: view.getBigUint64(TARGET_BYTES + 8),
  })
}
