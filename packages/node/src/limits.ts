/**
 * Every bound of the node, each with its reason. `docs/LIMITS.md` has a row for each; a test compares them.
 * Bounds of the formats are in core's `LIMITS`, those that a group chooses in the genesis document.
 */
export const NODE_LIMITS = {
  /** Bytes of a line without its end: a reading needs 20, and nobody types more into a prompt. */
  lineBytesMax: 1_024,
  /** From the first byte of a line to its end: slower than any typist, and frees what trickles. */
  lineTimeoutMs: 30_000,
  /** Lines of one connection that wait for an answer; then its socket is not read. One fsync covers many. */
  linesInFlightMax: 256,
  /** Lines of one connection that are looked at before others have their turn. */
  linesPerTurnMax: 256,
  /** Lines that are not text (invalid UTF-8, NUL, broken telnet) before a connection is closed. */
  badLinesMax: 3,
  /** Bytes of one telnet sub-negotiation: terminal types and window sizes need 50. */
  telnetSubnegotiationBytesMax: 256,
  /** Characters of a line that are repeated in the message about it: one line of a terminal. */
  echoCharactersMax: 40,
  /** Terminals in all: 10,000 idle ones need some 50 MB. */
  connectionsMax: 10_000,
  /** Terminals of one address. A whole class may sit behind one router, so not less by default. */
  connectionsPerAddressMax: 10_000,
  /** Bytes that wait for one client; more and it is dropped. A broadcast and 256 answers fit twice. */
  writeQueueBytesMax: 262_144,
  /** Bytes that wait for one client before its own lines are looked at no more. */
  writeQueueBytesHigh: 65_536,
  /** A client whose queue stays that high for so long does not read: it is dropped. */
  writeStallMs: 10_000,
  /** Silence before the system asks whether a client is still there. */
  keepAliveMs: 60_000,
  /** Connections that the system holds until we accept them: a whole class connects in the same second. */
  listenBacklog: 4_096,
  /** How long a connection that we ended is drained, so that a reset does not overtake the last answer. */
  lingerMs: 1_000,
  /** How long stopping waits for lines in flight and for clients to take their answers. */
  terminalDrainMs: 3_000,
  /** The tutorial's interval. */
  broadcastIntervalMs: 30_000,
  /** Blocks of a broadcast: some five screens. */
  broadcastBlocksMax: 100,
  /** Bytes of a broadcast: half of what may wait for a client. */
  broadcastBytesMax: 131_072,
  /** Bytes of one block in a broadcast: further readings of it are counted, not listed. */
  broadcastBlockBytesMax: 16_384,
  /** Clients that get a broadcast in one turn of the event loop: 500 sends take some 8 ms. */
  broadcastSliceCount: 500,
  /** Blocks that the command `chain` lists when no count is given, and at most. */
  chainBlocksDefault: 10,
  chainBlocksMax: 100,
  /** Readings that the command `show` lists: a block may hold 10,000. */
  showReadingsMax: 20,
  /** Readings of a block that fit its line in a list. */
  summaryReadingsMax: 3,
  /** Problems that the command `verify` lists; the command line lists all. */
  verifyProblemsShownMax: 10,
  /** Problems that a verification reports: more do not tell more about what to do. */
  verifyProblemsMax: 100,
  /** How long a verification works before others have their turn: a typist does not notice twice as much. */
  verifySliceMs: 5,
  /** Entries of a verification that a worker thread gets at once; fewer cost more to hand over. */
  verifyBatchEntries: 256,
  /** Such batches that are checked while the next are read: two for each of two threads. */
  verifyBatchesInFlight: 4,
  /** Items that a verifier thread gets at once: 9 to 18 ms of work, so that handing over costs little. */
  verifierChunkItemsMax: 128,
  /** Not fewer than these, however many threads there are. */
  verifierChunkItemsMin: 16,
  /** Chunks that one thread holds: what it works on and what it goes on with. The rest takes turns. */
  verifierChunksInFlightMax: 2,
  /** Items that are checked on the calling thread rather than handed over: they take 2 to 4 ms. */
  verifierInlineItemsMax: 31,
  /** Authors whose parsed key node:crypto keeps: parsing is a third of verifying. Below 8 MiB in all. */
  verifierKeysMax: 4_096,
  /** Authors whose next sequence a verification keeps in memory; others are looked up. Some 10 MB. */
  verifyAuthorsKept: 65_536,
  /** Before a log repeats itself about one kind of event: a flood must not fill the disk through the log. */
  logIntervalMs: 1_000,
  /** How long a device may take to accept a connection. */
  sourceConnectTimeoutMs: 10_000,
  /** Wait before the first reconnect; it doubles up to the maximum, and chance takes up to half off. */
  sourceBackoffMinMs: 500,
  sourceBackoffMaxMs: 60_000,
  /** Wait before a reading that the full node refused is tried again. */
  sourceRetryMs: 1_000,
  /** Bytes that wait for a slow stdout; more and blocks are counted instead of printed. */
  printerQueueBytesMax: 1_048_576,
  /** How long stopping waits for a slow stdout. */
  printerDrainMs: 1_000,
  /** Bytes of a configuration or genesis file: hundreds of measures fit, and little that is none. */
  configFileBytesMax: 65_536,
  /** Nesting of such a file: a genesis document needs 3. */
  configFileDepthMax: 16,
  /** Ports that one node serves, and devices that it connects to: a ward has dozens. */
  terminalPortsMax: 256,
  sourcesMax: 256,
  /** Commands that list or follow one node at once; a pager may hold each of them open for hours. */
  controlConnectionsMax: 64,
  /** Bytes of a request on the control socket: the longest takes 110. */
  controlRequestBytesMax: 1_024,
  /** From the connection to the end of its request: the command line sends it at once. */
  controlRequestTimeoutMs: 5_000,
  /** Bytes that wait for a command that does not read; then the node reads no further blocks for it. */
  controlQueueBytesHigh: 65_536,
  /** Blocks that a listing reads before others have their turn. */
  controlBlocksPerTurn: 64,
  /** How long the command line waits for a node to accept its connection and to answer at all. */
  controlAnswerTimeoutMs: 5_000,
  /** Bytes of one line of an answer: the largest block in base64, twice over. */
  controlLineBytesMax: 64 * 1_048_576,
  /** Bytes of node.json: a path and the addresses of 256 ports fit twice. */
  holderFileBytesMax: 65_536,
  /**
   * Bytes of LevelDB's cache. Tables are mapped into memory and not compressed, so they are read from the
   * page cache of the system; this one serves only tables beyond the first thousand.
   */
  storeCacheBytes: 8 * 1_048_576,
  /**
   * Bytes that LevelDB collects in memory before it writes a table; twice that is held at most, and replayed
   * at the start. Larger ones were not faster here and made the longest commit longer.
   */
  storeWriteBufferBytes: 4 * 1_048_576,
  /**
   * Bytes of tables whose checksums are compared at every start: it takes 0.15 s, and 130,000 readings fit.
   */
  storeCheckBytesMax: 64 * 1_048_576,
  /** Tables of 2 MiB that are open: 4 million readings, with 40 kB each for their indexes and filters. */
  storeOpenFilesMax: 1_000,
} as const
