import type { PeerStatus } from '../../wire/status.ts'
import type { Item } from './item.ts'
import type { PeerId, RequestId } from './sync-events.ts'

interface Asked {
  readonly id: RequestId
  readonly peer: PeerId
  readonly sentAt: number
  /** Given up when it is not answered by then. */
  readonly deadline: number
}

export interface StatusRequest extends Asked {
  readonly kind: 'status'
}

export interface HeadersRequest extends Asked {
  readonly kind: 'headers'
  readonly countMax: number
  /** Keys of the hashes that were sent: an answer that stands on one of them is no fault of the peer. */
  readonly locatorKeys: ReadonlySet<string>
  /** What the peer claimed when it was asked: its answer is held against that, not against later claims. */
  readonly claim: PeerStatus
}

export interface BodiesRequest extends Asked {
  readonly kind: 'bodies'
  readonly items: readonly Item[]
  /** Of the queue; undefined for an announced block. */
  readonly epoch: number | undefined
}

export type Request = StatusRequest | HeadersRequest | BodiesRequest
