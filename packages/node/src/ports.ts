import type {
  Block,
  ChainReader,
  Change,
  Crypto,
  EntryWithPayload,
  Failure,
  GenesisDocument,
  Hash,
  Result,
  Signer,
  SyncProgress,
  WeighedBlock,
  WorkJob,
} from '@pulseledger/core'

/**
 * The ports: everything the node asks of the world, and what its adapters may ask of the node. Adapters
 * (store, network, terminal, control, crypto) import this file and core, never each other.
 */

/** Time as the node sees it. A virtual one in tests and in the simulator. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
  now(): number
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void
}

export interface Random {
  /** `count` bytes that nobody can predict. */
  bytes(count: number): Uint8Array
}

/** Operational messages, not the ledger's own output. Fields are for machines, the message for people. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The crypto of core with signing keys: `seed` is the 32-byte secret key of RFC 8032. */
export interface NodeCrypto extends Crypto {
  readonly name: 'sodium-native' | 'node:crypto'
  signer(seed: Uint8Array): Signer
}

/** Searches nonces, off the main thread, for a ledger whose engine asks for work. */
export interface Miner {
  readonly threads: number
  /**
   * The nonce of this job, which takes the place of the one before. Undefined when it was given up: replaced
   * or cancelled. Rejects with a `NodeFailure` when the miner is broken.
   */
  mine(job: WorkJob): Promise<bigint | undefined>
  /** Searches for nothing. Idempotent. */
  cancel(): void
  /** Nonces that were tried so far, for whatever job. */
  triedTotal(): number
}

/** Where an entry stands on the canonical chain. */
export interface EntryPosition {
  readonly height: number
  /** Index in the log, counted over all entries from genesis. */
  readonly index: number
}

export interface HeadPosition {
  readonly height: number
  readonly hash: Hash
}

/**
 * The durable state of one ledger. One process at a time; `open` refuses a second one. Reads are synchronous
 * and see what the last finished commit wrote. Every method may throw a `NodeFailure` that names what is
 * broken.
 */
export interface BlockStore extends ChainReader {
  open(): Promise<void>
  /** Idempotent. Waits for the running commit. */
  close(): Promise<void>
  /** All of `change` or nothing; durable (fsync) when it resolves. The first failure closes the store. */
  commit(change: Change): Promise<void>

  /** Undefined only before genesis was committed. */
  head(): HeadPosition | undefined
  canonicalHash(height: number): Hash | undefined
  /** All stored blocks of any branch with `height` or above, by height, then hash. */
  blocksFrom(height: number): Iterable<WeighedBlock>
  /** Canonical blocks only. */
  entryById(id: Hash): EntryPosition | undefined
  entryIdByAuthor(author: Uint8Array, sequence: number): Hash | undefined
  entryIdByIndex(index: number): Hash | undefined
  /** Undefined when it was erased or never stored. */
  payload(entryId: Hash): Uint8Array | undefined
  /** A complete subtree of the canonical log. */
  treeNode(level: number, index: number): Hash | undefined
  /** Entries that were accepted and wait for a block, in the order in which they were added. */
  pending(): Iterable<EntryWithPayload>

  // What follows is for `verify`, which looks for what is stored and should not be, and for what is lost.

  /** How many records of each kind are stored. Reads all of them. */
  census(): Promise<StoreCensus>
  /** Every author with an entry on the canonical chain, in the order of the keys. */
  authors(): AsyncIterable<AuthorRecord>
  /**
   * The head as the last commit noted it apart from the database. Undefined when there is no note, which an
   * empty store has; 'damaged' when it cannot be read. `open` has refused a database that is behind it.
   */
  anchor(): HeadPosition | undefined | 'damaged'
  /** What the storage itself finds wrong, such as a file whose checksum does not fit. Reads all of it. */
  faults(): AsyncIterable<StoreFault>
}

export interface StoreCensus {
  /** Of any branch. */
  readonly blocks: number
  /** Canonical heights, genesis included. */
  readonly canonical: number
  readonly entryIds: number
  readonly authorSequences: number
  readonly authors: number
  /** Of entries of any branch; those of pending entries are not counted. */
  readonly payloads: number
  /** Records of the nodes of the log: one for each canonical block with entries. */
  readonly treeNodes: number
  readonly pending: number
}

export interface AuthorRecord {
  readonly author: Uint8Array
  /** What `nextSequence` says. */
  readonly next: number
}

export interface StoreFault {
  /** Where: the file, or the record. */
  readonly place: string
  /** One sentence. */
  readonly message: string
  /** Reading on could end the process: LevelDB asserts on what it reads from a damaged table. */
  readonly isUnsafe?: boolean
}

/** What the network knows a peer by: the text form of its public key. */
export type PeerId = string

export type GossipTopic = 'blocks' | 'entries'

export type RequestKind = 'status' | 'headers' | 'bodies' | 'peers'

export interface PeerConnection {
  readonly id: PeerId
  /** The node key of the peer, which it proved to have. */
  readonly publicKey: Uint8Array
  /** Where it is connected, as `--peer` takes it. */
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  readonly connectedAt: number
}

/** What becomes of a gossip message: passed on, dropped, or dropped and held against who sent it. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

export interface NetworkHandlers {
  /** A peer of the same ledger can be talked to. Once for each peer, however many connections it has. */
  onPeer(peer: PeerConnection): void
  onPeerGone(id: PeerId): void
  /** `from` is the neighbour that passed it on, not who made it. */
  onGossip(topic: GossipTopic, message: Uint8Array, from: PeerId): Promise<GossipVerdict>
  /** The answer. A `NodeFailure` resets the stream; nothing is told to the peer. */
  onRequest(kind: RequestKind, message: Uint8Array, from: PeerId): Promise<Uint8Array>
  /** Somebody of another ledger was met and refused; both ends learn of it. */
  onForeign(meeting: ForeignMeeting): void
}

export interface ForeignMeeting {
  readonly address: string
  readonly ours: Hash
  readonly theirs: Hash
}

/**
 * Other nodes of this ledger. Peers of another ledger, and of another version of the protocol, never become
 * peers here. Everything that comes from a peer is bytes that a stranger wrote, at most `messageBytesMax`.
 */
export interface Network {
  /** Our own id. */
  readonly self: PeerId
  /** Where we can be reached, as `--peer` takes it; empty until started. */
  readonly addresses: readonly string[]
  start(handlers: NetworkHandlers): Promise<void>
  /** Idempotent. Running requests fail. */
  stop(): Promise<void>
  peers(): readonly PeerConnection[]
  /**
   * Told to all peers, and by them to theirs. Without peers it goes nowhere; whoever needs it asks later.
   * The peers that are known not to be reached: `unreached`.
   */
  publish(topic: GossipTopic, message: Uint8Array): readonly PeerId[]
  /** The peers that can be asked and answered, but do not hear gossip from us yet, or do not any more. */
  unreached(topic: GossipTopic): readonly PeerId[]
  /**
   * Errors, as a `NodeFailure`: PEER_GONE (not or no longer connected), PEER_TIMEOUT, PEER_REFUSED (ended
   * without an answer, as a busy or stopping peer does), PEER_ANSWER_INVALID (too long, cut short). When the
   * signal ends it, the reason of the signal.
   */
  request(peer: PeerId, kind: RequestKind, message: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  /** Hangs up, and refuses the peer for `banMs`. */
  disconnect(peer: PeerId, reason: Failure, banMs: number): void
}

export interface RequestOptions {
  readonly timeoutMs: number
  readonly answerBytesMax: number
  readonly signal?: AbortSignal
}

/** A failure of the node or its surroundings that ends a command: one sentence, a code, a remedy. */
export class NodeFailure extends Error {
  override readonly name = 'NodeFailure'
  readonly code: Failure['code']

  constructor(code: Failure['code'], message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** A reading as a person or a device gives it. */
export interface NewReading {
  readonly measure: string
  readonly value: number
  readonly subject?: string
  readonly device?: string
  readonly note?: string
}

/** What a submitter is told once its reading is durable on the chain. */
export interface Receipt {
  readonly entryId: Hash
  readonly height: number
  readonly blockHash: Hash
  /** Index in the log. */
  readonly index: number
}

export interface Status {
  readonly ledger: { readonly name: string; readonly id: Hash; readonly engine: string }
  readonly head: HeadPosition & { readonly time: number; readonly size: number }
  /** Height of the last block that cannot be reorganised away any more. */
  readonly finalHeight: number
  readonly pendingCount: number
  readonly publicKey: Uint8Array
  readonly startedAt: number
  /** Undefined when the node was told not to have a network. */
  readonly network: NetworkStatus | undefined
  /** Undefined where blocks take no work. */
  readonly mining: MiningStatus | undefined
}

export interface MiningStatus {
  /** 0: the node was told not to mine, so it makes no blocks. */
  readonly threads: number
  /** In this search, or when it begins or there is none, in the last; 0 before the first. */
  readonly hashesPerSecond: number
  /** Undefined while it rests: nothing is pending, or others are ahead. */
  readonly search: MiningSearch | undefined
}

export interface MiningSearch {
  /** Of the block that is searched for, and its entries so far. */
  readonly height: number
  readonly entryCount: number
  /** Hashes that such a block takes on average. */
  readonly difficulty: number
  /** Nonces tried for this height. */
  readonly tried: number
}

export interface NetworkStatus {
  readonly peerCount: number
  /** Where we can be reached, as `--peer` takes it. */
  readonly addresses: readonly string[]
  readonly sync: SyncProgress
  /**
   * Whether this node makes blocks: the genesis document lets it, and it mines where that takes work. When
   * not, readings wait for somebody who does.
   */
  readonly mayProduce: boolean
}

/** A peer as `pulseledger peers` shows it. */
export interface PeerView extends PeerConnection {
  /** Its chain as it last told us; undefined before it did. */
  readonly head: HeadPosition | undefined
  /** `diverged`: its history and ours part below our final block, so nothing is fetched from it. */
  readonly state: 'unknown' | 'same' | 'behind' | 'ahead' | 'diverged'
}

/** What is known of an entry, by its id. */
export type EntryState =
  | { readonly kind: 'pending' }
  /** `depth`: blocks on top of its block; 0 in the head. */
  | { readonly kind: 'included' | 'final'; readonly receipt: Receipt; readonly depth: number }
  /** Refused here since the node started. */
  | { readonly kind: 'rejected'; readonly error: Failure }
  | { readonly kind: 'unknown' }

export type NodeEvent =
  | { readonly kind: 'block-connected'; readonly block: Block }
  | { readonly kind: 'block-disconnected'; readonly block: Block }
  | { readonly kind: 'alarm'; readonly error: Failure }
  /** A reading that was submitted here and confirmed has left its block; it waits for another one. */
  | { readonly kind: 'receipt-withdrawn'; readonly entryId: Hash }
  /** It is on the chain again, at a new place. */
  | { readonly kind: 'receipt-moved'; readonly receipt: Receipt }
  | { readonly kind: 'peer-connected'; readonly peer: PeerConnection }
  | { readonly kind: 'peer-gone'; readonly id: PeerId }
  | { readonly kind: 'foreign-met'; readonly meeting: ForeignMeeting }
  | { readonly kind: 'sync'; readonly progress: SyncProgress }
  /** The search for a block of another height than before has begun. */
  | { readonly kind: 'mining'; readonly mining: MiningStatus }

/** What the terminal, the control socket and the printer may ask of a running node. */
export interface NodeService {
  readonly document: GenesisDocument
  readonly ledgerId: Hash
  /**
   * Resolves when the reading is durable on the chain, or at once when it is refused. Never rejects while up.
   */
  submit(reading: NewReading): Promise<Result<Receipt>>
  status(): Status
  /** Canonical blocks, `from` to `to` inclusive, clamped to what there is; lazily read, ascending. */
  blocks(from: number, to: number): Iterable<Block>
  blockByHash(hash: Hash): Block | undefined
  entryState(id: Hash): EntryState
  peers(): readonly PeerView[]
  /** The word that lets another node join; undefined without a network. */
  invite(): string | undefined
  /** Called for every event after it is durable, in order. Returns the unsubscribe function. */
  subscribe(listener: (event: NodeEvent) => void): () => void
  /** Recomputes everything; in slices, so that typing stays responsive. */
  verify(options?: VerifyOptions): Promise<VerifyReport>
}

export interface VerifyOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: VerifyProgress) => void
}

export interface VerifyProgress {
  readonly height: number
  readonly headHeight: number
}

export interface VerifyReport {
  readonly ok: boolean
  readonly headHeight: number
  readonly blockCount: number
  readonly entryCount: number
  /** Entries whose payload is not stored. It was erased, or somebody removed it: a hash cannot tell which. */
  readonly erasedCount: number
  /**
   * The ledger changed so often that what is beside the chain (other branches, pending entries, the numbers
   * of records) could not be looked at twice alike. The chain itself was verified. Never when no node runs.
   */
  readonly isUnsettled: boolean
  /** At most `verifyProblemsMax`, lowest height first. */
  readonly problems: readonly VerifyProblem[]
}

export interface VerifyProblem {
  /** Undefined when it belongs to no one height. */
  readonly height?: number
  /** The field or record that is wrong, such as `header.root` or `payload of entry 3`. */
  readonly field: string
  readonly message: string
  readonly remedy: string
}
