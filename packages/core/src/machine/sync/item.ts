import type { Block } from '../../block/block.ts'
import type { Header } from '../../block/header.ts'
import type { SignedHeader } from '../../block/signed-header.ts'
import { keyOf } from '../../bytes.ts'
import type { PeerId } from './sync-events.ts'

/** A block whose header links to what is known, and whose body is fetched, or was. */
export interface Item {
  readonly key: string
  readonly header: SignedHeader
  readonly height: number
  readonly entryCount: number
  /** Of the chain up to it. */
  readonly weight: bigint
  /** Who gave its header as one of its chain; nobody for one that was only announced. */
  headerFrom: PeerId | undefined
  /** Who announced it, when it was: they have its body. */
  readonly announcers: Set<PeerId>
  /** Who said that it has no body, when it was announced. */
  readonly lackers: Set<PeerId>
  /** Questions for it that are not answered yet, and when the first of them was asked. */
  requestCount: number
  askedAt: number
  body: { readonly block: Block; readonly from: PeerId } | undefined
  /** False once nobody waits for its body any more. */
  isWanted: boolean
}

/** `parent`: the block that it stands on. */
export function newItem(
  header: SignedHeader,
  parent: { readonly header: Header },
  weight: bigint,
  headerFrom?: PeerId,
): Item {
  return {
    key: keyOf(header.hash),
    header,
    height: header.header.height,
    entryCount: header.header.size - parent.header.size,
    weight,
    headerFrom,
    announcers: new Set(),
    lackers: new Set(),
    requestCount: 0,
    askedAt: 0,
    body: undefined,
    isWanted: true,
  }
}
