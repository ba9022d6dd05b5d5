import type { SignedHeader } from '../../block/signed-header.ts'
import { equalBytes } from '../../bytes.ts'
import { chainWeight, type Engine } from '../../consensus/engine.ts'
import { fail, type Result } from '../../result.ts'
import type { Standing } from './header-queue.ts'

/**
 * Whether a header follows on its parent, as far as headers alone can show: hash, height, size, and the
 * rule of the engine. The weight of the chain up to it. Errors: PEER_HEADERS_INVALID,
 * BLOCK_WEIGHT_TOO_LARGE, those of the engine.
 */
export function checkLink(signed: SignedHeader, parent: Standing, engine: Engine): Result<bigint> {
  const { header } = signed
  const expected = parent.header.height + 1
  if (header.parent === null || !equalBytes(header.parent, parent.hash)) {
    return fail('PEER_HEADERS_INVALID', `header ${header.height} does not stand on the one before it`)
  }
  if (header.height !== expected) {
    return fail(
      'PEER_HEADERS_INVALID',
      `a header of height ${header.height} stands where ${expected} belongs`,
    )
  }
  const entryCount = header.size - parent.header.size
  if (entryCount < 0) return fail('PEER_HEADERS_INVALID', `header ${header.height} makes the log shorter`)
  const verified = engine.verify(signed, { parent: parent.header, entryCount })
  return verified.ok ? chainWeight(parent.weight, header, engine) : verified
}
