/**
 * Every bound of the core, each with its reason. `docs/LIMITS.md` has a row for each; a test compares them.
 * Bounds that a group may choose for itself are in the genesis document; those here hold for every ledger.
 */
export const LIMITS = {
  /** Bytes of a reading payload: a note, a subject and a device at their longest fit with room to spare. */
  payloadBytesMax: 2_048,
  /** Characters are UTF-8 bytes: names are looked at in terminals of 80 columns. */
  measureBytesMax: 32,
  subjectBytesMax: 128,
  deviceBytesMax: 128,
  noteBytesMax: 1_024,
  /** Bytes of an entry: four keys, two 32-byte and one 64-byte strings and an integer need 181 at most. */
  entryBytesMax: 192,
  /** Bytes of an engine's seal: a target, a time and a nonce need 48. */
  sealBytesMax: 256,
  /** Bytes of a block header with the longest seal. */
  headerBytesMax: 640,
  /** Bytes of a genesis document: hundreds of measures or producers. */
  genesisBytesMax: 65_536,
  /** UTF-8 bytes of a ledger's name, and of a measure's label and unit: they share one line of a terminal. */
  ledgerNameBytesMax: 64,
  labelBytesMax: 32,
  unitBytesMax: 32,
  engineNameBytesMax: 32,
  /** Nesting of an engine's parameters: a list of maps that hold lists. */
  engineDepthMax: 4,
  /** Measures of a ledger, each looked up by going through the list. */
  measuresMax: 64,
  /** Keys that may produce: with 34 bytes each they and the measures fit a genesis document. */
  producersMax: 1_000,
  /** Blocks below the head that may still be reorganised: a node holds a record of each in memory. */
  finalDepthMax: 10_000,
  /** Bounds of proof of work: a block a day, and windows so long that their end is still lived to see. */
  powIntervalMax: 86_400_000,
  powWindowMax: 10_000,
  /** Decimals of a measure. */
  decimalsMax: 6,
  /** Significant digits of a value: a double holds every number of 15 digits, and not every one of 16. */
  digitsMax: 15,
  /** Milliseconds since 1970 of 9999-12-31T23:59:59.999Z: no later time can be written as RFC 3339. */
  timeMax: 253_402_300_799_999,
  /** Milliseconds that a block's time may be ahead of a node's clock: a day off is a broken clock. */
  timeAheadMax: 86_400_000,
  /** Bytes of a block, at the least that a genesis document may set: one entry with its payload must fit. */
  blockBytesFloor: 4_096,
  /** Bounds of the limits that a genesis document sets. One block must fit a 1 MiB network message twice. */
  blockEntriesCeiling: 10_000,
  blockBytesCeiling: 16 * 1_048_576,
  /** Nesting of any dag-cbor that we decode: genesis > list > map is 3. */
  cborDepthMax: 8,
  /** Heights, sizes, sequences and times are integers that a double holds exactly. */
  integerMax: Number.MAX_SAFE_INTEGER,
  /** Blocks whose time the median is taken over (the rule of Bitcoin). */
  medianBlocks: 11,
  /** Entries and bytes that wait for a block: a minute of the fastest input measured here fits. */
  pendingEntriesMax: 1_000_000,
  pendingBytesMax: 256 * 1_048_576,
  /** Entries of one author that may wait ahead of a missing one: one batch out of order. */
  pendingGapMax: 1_024,
  /** Entries of all authors that may do so: keys cost nothing, so what nobody can include is a small part. */
  pendingGappedMax: 65_536,
  /** Percent of pending that entries of other nodes may fill: the readings of this one always find room. */
  pendingForeignPercent: 75,
  /** Readings that wait unsigned while the node catches up: whoever types them waits for their answer. */
  heldReadingsMax: 10_000,
  /** Submitted entries on blocks that are not final, whose new place is told after a reorg: some 30 MB. */
  receiptsWatchedMax: 262_144,
  /** Pending entries that are published again at once: two full blocks. */
  republishEntriesMax: 2_000,
  /** Wait before pending entries are published again; it doubles up to the maximum while none is included. */
  republishMinMs: 3_000,
  republishMaxMs: 60_000,
  /**
   * What a node holds back at least after a block of another, so that its maker can go on undisturbed: longer
   * than a block takes to reach its peers.
   */
  contentionHoldMs: 20,
  /**
   * Holds over which nodes are spread by lot beyond that: five of them seldom come within one of each other.
   */
  contentionSpreadHolds: 3,
  /** Holds for which nobody goes on at once after two blocks crossed each other. */
  contentionRivalHolds: 2,
  /** To where it doubles while blocks cross each other: the slowest network that is still of use. */
  contentionHoldMaxMs: 2_560,
  /** Holds without such a crossing after which it halves. */
  contentionCalmHolds: 16,
  /** Blocks that a node among peers makes as fast as it can, and how many a second when it goes on. */
  paceBurstBlocks: 40,
  paceBlocksPerSecond: 40,
  /** But so many a second in any case: one for each quarter of a second that a message may take. */
  paceBlocksPerSecondMin: 4,
  /** No more of either than this share of the final depth: four nodes do not reach it in a second. */
  paceFinalShare: 4,
  /**
   * How long entries of other nodes wait before this one makes a block for them: their own nodes come first.
   */
  foreignPatienceMs: 300,
  /** How long own entries wait at most, however many blocks of others arrive without them; in holds too. */
  ownPatienceMs: 1_000,
  patienceHolds: 8,
  /**
   * How long a search goes on without the entries that came meanwhile, and with the time of its beginning:
   * whoever types sees the block made of what was typed, and times stay good for measuring hash power.
   */
  workRefreshMs: 1_000,
  workAgeMs: 5_000,
  /** Blocks and bytes that wait for a parent: sync asks for them again, so dropping one costs only time. */
  waitingBlocksMax: 512,
  waitingBytesMax: 64 * 1_048_576,
  /** Headers of refused branches whose weight is followed, to raise an alarm when one outgrows the chain. */
  refusedHeadersMax: 1_024,
  /** Bytes of the least entry: a block has no more entries than its body has of these. */
  entryBytesMin: 173,
  /** Bytes of any question to a peer: 128 hashes, or 64 addresses, with what frames them. */
  requestBytesMax: 16_384,
  /** Hashes in a locator: they thin out by doubling, so 64 span every chain. */
  locatorHashesMax: 64,
  /** Headers and bytes of an answer: each header at its longest, with its signature and its frame. */
  headersCountMax: 512,
  headersBytesMax: 393_216,
  /** Blocks whose contents one question may ask for. */
  bodiesCountMax: 128,
  /** Bytes of an answer with contents: the longest block, and three bytes for each of its payloads. */
  bodiesBytesMax: 16 * 1_048_576 + 65_536,
  /** Bytes and entries of a gossip message, which each node passes on to several others. */
  gossipBytesMax: 1_048_576,
  gossipEntriesMax: 2_048,
  /** Bytes of the contents that are sent along with a new block's header: larger ones are asked for once. */
  inlineContentsBytesMax: 16_384,
  /** Bytes of an announcement: a header, its signature, contents and the frame. */
  announcementBytesMax: 18_432,
  /** Addresses of nodes in one message, and characters of one: an IPv6 multiaddr with a peer id has 111. */
  addressesMax: 64,
  addressBytesMax: 128,
  /** Bytes of the answer to a hello: the longest genesis document and its frame. */
  helloBytesMax: 66_048,
  /** Addresses in an invite, which people copy: a machine has a few, and one that answers is enough. */
  inviteAddressesMax: 8,
  /** Characters of an invite: its addresses at their longest need 1,718. */
  inviteCharactersMax: 2_048,
  /** Headers that wait for their bodies in a catch-up: some 2 MB, whatever the length of the chain. */
  syncHeadersAheadMax: 2_048,
  /** Blocks from the front of the catch-up whose bodies may be asked for: eight questions in parallel. */
  syncBodiesAheadMax: 512,
  /** Bytes of bodies held until those before them are here: beyond it only the foremost are asked for. */
  syncBodiesBytesMax: 64 * 1_048_576,
  /** Blocks of one question to a fast peer; a slow one is asked for fewer. */
  syncBodiesPerRequestMax: 128,
  /** Bytes of the first answers with bodies, and of those of a fast peer: larger ones gain nothing. */
  syncBodiesAnswerBytesFirst: 262_144,
  syncBodiesAnswerBytesMax: 1_048_576,
  /** Questions for bodies to one peer at a time: one is checked here, the others travel or are answered. */
  syncBodyRequestsPerPeerMax: 4,
  /** Unfinished feeds of the ledger: one is being written while the next is being validated. */
  syncFeedsMax: 2,
  /** Bytes of blocks in a feed, unless one block alone has more: they become one write of the store. */
  syncFeedBytesMax: 4 * 1_048_576,
  /** Blocks announced without a body that are being fetched: gossip brings a few a second. */
  syncAnnouncedMax: 64,
  /** Between two exchanges of statuses with a peer: how long a lost gossip message leaves a node behind. */
  syncStatusIntervalMs: 5_000,
  /** Between two of them when something new is known: one message a second costs nothing. */
  syncStatusSoonMs: 1_000,
  /** Between two of them with a peer that gossip does not reach: it must not wait for a new block. */
  syncTellMs: 200,
  /**
   * A node that somebody claims to be ahead of, and that gains no header, body or block for so long, makes
   * blocks again: a line that carries less than 100 kB/s may look like that at first.
   */
  syncStuckMs: 5_000,
  /** For how long headers without any body count as a gain: those that fit the queue take a few seconds. */
  syncHeadersAloneMs: 10_000,
  /** Peers that are asked for headers at the same time, when those before them do not answer. */
  syncHeadersRequestsMax: 4,
  /** A question to a peer is given up after this: the longest answer takes it at 14 Mbit/s. */
  syncRequestTimeoutMs: 10_000,
  /** After this the foremost block is asked of a second peer too: the others fill the window in that time. */
  syncFrontPatienceMs: 1_000,
  /** Wait before a peer that failed is asked again; it doubles up to the maximum. */
  syncBackoffMinMs: 1_000,
  syncBackoffMaxMs: 30_000,
  /** Questions left unanswered until a peer is hung up on: with the waits between them, a minute. */
  syncStallsMax: 5,
  /** False claims until a peer is hung up on: a reorganisation between two answers looks like one. */
  syncClaimFaultsMax: 3,
  /** One of either is forgiven after this: longer than any wait, so a peer that always fails is found. */
  syncFaultDecayMs: 60_000,
  /** Between two looks at a peer whose history and ours part below our final block, and at an early block. */
  syncDivergedRecheckMs: 60_000,
  syncEarlyRetryMs: 10_000,
  /** Hashes of blocks found invalid, of early blocks and of forks told of: the oldest are forgotten. */
  syncHashesRememberedMax: 1_024,
  /** Blocks a peer must be ahead by to call it a catch-up: gossip of the last two may be on its way. */
  syncGapMin: 3,
  /** Blocks between two reports of progress: some ten a second at the fastest. */
  syncProgressStep: 256,
} as const
