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
  /** Bytes of an engine's seal: a target and a nonce need 40. */
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
  /** Measures of a ledger, each looked up by going through the list. */
  measuresMax: 64,
  /** Keys that may produce: with 34 bytes each they and the measures fit a genesis document. */
  producersMax: 1_000,
  /** Blocks below the head that may still be reorganised: a node holds a record of each in memory. */
  finalDepthMax: 10_000,
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
  /** Blocks and bytes that wait for a parent: sync asks for them again, so dropping one costs only time. */
  waitingBlocksMax: 512,
  waitingBytesMax: 64 * 1_048_576,
  /** Headers of refused branches whose weight is followed, to raise an alarm when one outgrows the chain. */
  refusedHeadersMax: 1_024,
} as const
