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
  /** Refused entries whose reason can still be asked for: some 3 MB. */
  rejectedEntriesMax: 10_000,
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
  /** Where nodes listen for one another unless they are told otherwise; not registered for anything else. */
  nodePort: 7_400,
  /** Addresses of nodes in one setting: each is a connection that is kept up. */
  nodeAddressesMax: 64,
  /** Characters of an address of a node: a host name of 64, or a multiaddr with a key and a relay. */
  nodeAddressBytesMax: 256,
  /** Ports above a taken one that are tried when nobody chose it: a hundred copies on one machine. */
  portTriesMax: 100,
  /** Data directories that are tried when nobody chose one: as many as ports. */
  directoryTriesMax: 100,
  /** Before somebody is told why a typed reading is not answered yet: ten times what it takes in a crowd. */
  answerPatienceMs: 2_000,
  /** The same where blocks take work, which is how it should be, and until how far it is is told again. */
  miningPatienceMs: 1_000,
  miningPatienceAgainMs: 5_000,
  /** Confirmed readings of all terminals whose block may still be lost to another branch; the latest. */
  receiptsWatchedMax: 10_000,
  /** Blocks below the head that a terminal's `show` looks through for the first digits of an id. */
  showSearchBlocksMax: 100,
  /** Peers that the terminal's command `peers` lists; the command line lists all. */
  peersShownMax: 20,
  /** Blocks that a node may be behind before it prints its progress instead of each block. */
  catchUpQuietBlocks: 20,
  /** Between two lines of the first terminal about catching up. */
  catchUpLineMs: 2_000,
  /** Ledgers that were met and are remembered so that each is told of once. */
  foreignLedgersKept: 64,
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
  /** Bytes of one frame of gossip: the longest message, and what libp2p tells along with it. */
  gossipFrameBytesMax: 1_310_720,
  /** Gossip whose verdict is awaited; more is dropped, and fetched when needed. */
  gossipInFlightMax: 1_024,
  gossipInFlightBytesMax: 64 * 1_048_576,
  /** Gossip messages that are known by their id so that they are taken once: two minutes of 500 a second. */
  gossipSeenMax: 65_536,
  /** Requests of one peer that are answered at the same time; more are refused. Sync has 4 at most. */
  peerStreamsInMax: 16,
  /** From the opening of a stream by a peer to the end of its request, and of ours to a hello. */
  peerRequestReadMs: 10_000,
  /** How long a peer may take to fetch an answer before its stream is reset: 17 MB at 280 kB a second. */
  peerAnswerSendMs: 60_000,
  /** Connections of one node; each costs some 100 kB. */
  peerConnectionsMax: 256,
  /** Of these, how many others may have opened: the rest is kept for those that we open ourselves. */
  peerInboundMax: 224,
  /** Of these, from one address: a whole school may sit behind one router, and a stranger elsewhere not. */
  peerInboundPerAddressMax: 160,
  /** Connections a second from one address, and those that are being set up: a class arrives all at once. */
  peerInboundPerSecondMax: 200,
  peerInboundPendingMax: 128,
  /** Bytes of a stream that are on the way or wait here before its sender pauses. */
  peerWindowBytes: 1_048_576,
  /** Bytes of gossip that wait for one slow peer; then it loses messages. */
  gossipOutBytesMax: 16 * 1_048_576,
  /** Between two pings of each end of a connection. */
  peerPingIntervalMs: 2_000,
  /** Between two looks at whether anything came, and looks in vain before it is ended: four pings. */
  peerSilenceLookMs: 1_000,
  peerSilentLooksMax: 8,
  /** How long a dial may take, with the hello. */
  peerDialTimeoutMs: 10_000,
  /** Dials at the same time. */
  peerDialsMax: 8,
  /**
   * Peers that a node looks for: gossip needs six, and a group of a classroom's size is one mesh with twice.
   */
  peersTarget: 12,
  /**
   * How long a new node waits for one address to give it the ledger; an invite may hold some that are gone.
   */
  joinTimeoutMs: 10_000,
  /** Between two looks at whom to dial; a lost peer is dialled that soon. */
  peerKeepIntervalMs: 500,
  /** Wait before a failed dial is repeated; it doubles up to the maximum, and chance takes up to half off. */
  peerBackoffMinMs: 1_000,
  peerBackoffMaxMs: 30_000,
  /** Between two questions to a peer about the addresses that it knows. */
  peerAskAddressesMs: 60_000,
  /** Addresses of one node that are told to another: 64 in all fit a message, and one may be enough. */
  peerAddressesToldMax: 4,
  /** Failed dials of an address that we were only told of before it is forgotten. */
  peerHearsayTriesMax: 4,
  /** Nodes in the address book, their addresses, and bytes of its file. */
  addressBookPeersMax: 1_000,
  addressBookAddressesMax: 8,
  addressBookBytesMax: 2 * 1_048_576,
  /** Between two writings of the address book. */
  addressBookWriteMs: 5_000,
  /** Connected and without gossip for so long: its stream was lost; a new connection brings it back. */
  peerGossipLostMs: 10_000,
  /** Before a node of another ledger is dialled or let in again. */
  peerForeignRetryMs: 60_000,
  /** Nodes of which we remember that they are refused. */
  peerRefusalsMax: 10_000,
  /** Bytes of a swarm key file: it has 95. */
  swarmKeyBytesMax: 1_024,
  /** Gossip messages of one peer: it passes on what all nodes send, thrice what libp2p carried here. */
  peerGossipCountBurst: 4_000,
  peerGossipCountPerSecond: 1_000,
  /** Bytes of them: 25,000 readings a second. */
  peerGossipBytesBurst: 33_554_432,
  peerGossipBytesPerSecond: 8_388_608,
  /**
   * Requests of one peer: a node that fetches small blocks over one machine's loopback needs 100 a second.
   */
  peerRequestsBurst: 400,
  peerRequestsPerSecond: 200,
  /**
   * Messages and requests beyond that, dropped unread, before the peer counts as one that floods: what an
   * honest one passes on comes all at once when it was held up on its way.
   */
  peerDropsBurst: 4_000,
  peerDropsPerSecond: 1,
  /** Messages that no honest node sends before the peer is disconnected: one might be a bug of ours. */
  peerFaultsBurst: 3,
  peerFaultsPerMinute: 1,
  /** How long a peer is refused the first time; it doubles up to the maximum, and is forgiven after a day. */
  peerBanMinMs: 30_000,
  peerBanMaxMs: 3_600_000,
  peerBanForgivenMs: 86_400_000,
  /** Peers, also former ones, whose conduct is remembered: 1 kB each. */
  peerRecordsMax: 4_096,
  /** Requests of one peer that are answered at the same time: more are refused. */
  peerServedMax: 8,
  /** Gossip messages of one peer that are being checked: a quarter of all, so that four can work. */
  peerGossipInFlightMax: 64,
  /** Bytes of entries in one gossip message: larger ones gain nothing and hold others up. */
  entriesBatchBytesMax: 131_072,
  /** How long the verdict on an announced block waits for its contents: longer than any fetch that works. */
  announceWaitMs: 10_000,
  /** Announced blocks whose verdict waits: forks of all peers together. */
  announceWaitingMax: 256,
  /** Hashes of blocks that were passed on: an hour of ten a second. */
  relayedBlocksMax: 36_000,
  /** How long a peer may take for its status, for headers, and for blocks: 1 MiB at 35 kB a second. */
  statusTimeoutMs: 5_000,
  headersTimeoutMs: 15_000,
  bodiesTimeoutMs: 30_000,
  /** Bytes of an answer with blocks; one block may be larger. Larger answers gain nothing. */
  bodiesAnswerBytesMax: 1_048_576,
  /** How long serving and checking works before others have their turn. */
  exchangeSliceMs: 5,
  /** How long a node that has peers to expect makes no blocks before it met one. */
  peerGraceMs: 3_000,
  /** Entries of one commit while a ledger is begun again: more are no faster, and each may have 4 kB. */
  rejoinBatchEntries: 1_000,
  /** Node processes of a devnet: 30 of some 100 MB each, joined by 870 proxies. */
  devnetNodesMax: 30,
  /** Heights and blocks that a devnet keeps for its picture of the forks: some screens of them. */
  devnetHeightsKept: 64,
  devnetBlocksKept: 2_048,
  /** Lines that a devnet keeps of what happened: more than a screen shows. */
  devnetLogLinesMax: 200,
  /** How often a devnet asks its nodes how they are, for what they do not tell by themselves. */
  devnetPollMs: 1_000,
  /** The same while a command waits for what they say. */
  devnetWaitPollMs: 100,
  /** How long a node of a devnet may take to stop in good order before it is killed. */
  devnetStopMs: 10_000,
  /** Bytes of a line that a node of a devnet prints: a block of 10,000 readings has some 4 MB. */
  devnetLineBytesMax: 64 * 1_048_576,
  /** Bytes that a devnet reads in answer to a typed line: one line, and perhaps the chain as JSON. */
  devnetAnswerBytesMax: 1_048_576,
  /** Bytes that a proxy holds of one direction before it reads no more, as a router's queue is bounded. */
  proxyHeldBytesMax: 1_048_576,
  /** Threads that look for a proof of work: more than a machine has cores find nothing sooner. */
  miningThreadsMax: 256,
  /** Bytes of a header before its nonce: the longest one is below that, filled up to whole blocks. */
  miningPrefixBytesMax: 1_024,
  /** How long a thread hashes before it looks whether its work is still wanted: so rarely costs nothing. */
  miningSliceMs: 10,
  /** Nonces of such a slice, with which a thread begins, and where it may get on the fastest machine. */
  miningSliceNoncesMin: 4_096,
  miningSliceNoncesMax: 16_777_216,
  /** Time over which the hash rate is an average, and between two of the counts that are kept for it. */
  hashRateWindowMs: 10_000,
  hashRateStepMs: 100,
} as const
