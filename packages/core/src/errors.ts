/**
 * The one table of everything that can go wrong. The union of codes, the HTTP status, the exit code and
 * `docs/ERRORS.md` derive from it; a test compares the document with it both ways.
 *
 * `meaning` says what happened, `remedy` what to do about it. `http` is the status an API answers with,
 * `exit` the code a command ends with (1 when absent: a bug or an unforeseen fault).
 */
export interface ErrorRow {
  readonly meaning: string
  readonly remedy: string
  readonly http: number
  readonly exit?: number
}

/**
 * Exit codes of the command, distinct so that a script can tell them apart. 0 is success, 1 a bug of ours.
 */
export const EXIT = {
  usage: 2,
  portTaken: 3,
  locked: 4,
  damaged: 5,
  disk: 6,
  permission: 7,
  verification: 8,
  format: 9,
  mismatch: 10,
  key: 11,
  notFound: 12,
} as const

const FORMAT_REMEDY = 'Send exactly what docs/spec/ describes; the sender and not this node must change.'

export const ERRORS = {
  // Bytes: what a strict decoder refuses.
  CBOR_MALFORMED: {
    meaning: 'The bytes are not the canonical dag-cbor that was expected here.',
    remedy: FORMAT_REMEDY,
    http: 400,
  },
  PAYLOAD_INVALID: {
    meaning: 'A reading payload has a missing, unknown or out-of-bounds field.',
    remedy: FORMAT_REMEDY,
    http: 400,
  },
  ENTRY_INVALID: {
    meaning: 'An entry has a missing, unknown or out-of-bounds field.',
    remedy: FORMAT_REMEDY,
    http: 400,
  },
  HEADER_INVALID: {
    meaning: 'A block header has a missing, unknown or out-of-bounds field.',
    remedy: FORMAT_REMEDY,
    http: 400,
  },
  GENESIS_INVALID: {
    meaning: 'A genesis document has a missing, unknown or out-of-bounds field.',
    remedy: 'Correct the named field; docs/spec/genesis.md lists each with its bounds.',
    http: 400,
    exit: EXIT.usage,
  },
  // Log: what a proof was asked for.
  LOG_RANGE_INVALID: {
    meaning: 'A proof was asked for an entry or a size that the log does not have.',
    remedy: 'Ask for an index below the size, and for sizes up to that of the log.',
    http: 404,
    exit: EXIT.notFound,
  },
  // Readings: what a person or device may have got wrong.
  READING_NOT_A_NUMBER: {
    meaning: 'What was typed is not a number in plain decimal digits.',
    remedy: 'Type digits only, such as 72. Type help for the commands.',
    http: 422,
  },
  READING_OUT_OF_RANGE: {
    meaning: 'The value is outside the range that the ledger allows for this measure.',
    remedy: 'Check the sensor or the typing; the range is fixed in the genesis document.',
    http: 422,
  },
  READING_TOO_PRECISE: {
    meaning: 'The value has more decimals than the ledger allows for this measure.',
    remedy: 'Round it; the number of decimals is fixed in the genesis document.',
    http: 422,
  },
  MEASURE_UNKNOWN: {
    meaning: 'The ledger has no such measure.',
    remedy: 'Use a measure of the genesis document; `pulseledger show 0` lists them.',
    http: 422,
    exit: EXIT.usage,
  },
  // Entries: stateless, then against the chain.
  ENTRY_SIGNATURE_INVALID: {
    meaning: 'The signature of an entry does not verify for this ledger.',
    remedy: "Sign with the key named as author, over this ledger's id.",
    http: 422,
  },
  ENTRY_COMMITMENT_MISMATCH: {
    meaning: 'The payload is not the one that the entry commits to.',
    remedy: 'Send the payload whose SHA-256 is the commitment.',
    http: 422,
  },
  ENTRY_SEQUENCE_TAKEN: {
    meaning: 'The author already has an entry with this sequence number on the chain or pending.',
    remedy: 'Sign with the next free sequence number of the author.',
    http: 409,
  },
  ENTRY_SEQUENCE_GAP: {
    meaning: "The sequence number is too far ahead of the author's next one.",
    remedy: 'Send the missing entries of that author first.',
    http: 409,
  },
  ENTRY_DISPLACED: {
    meaning: 'An accepted entry lost its sequence number to another one that its author signed.',
    remedy: 'Find the two nodes that sign with that key, one perhaps a copy of the other; give one its own.',
    http: 409,
  },
  PENDING_FULL: {
    meaning: 'The node holds as many pending entries as it allows.',
    remedy: 'Wait a moment and send it again; nothing was stored.',
    http: 503,
  },
  // Blocks: stateless.
  BLOCK_TOO_LARGE: {
    meaning: 'A block has more bytes or entries than the ledger allows.',
    remedy: 'The producer must make smaller blocks; the limits are in the genesis document.',
    http: 422,
  },
  BLOCK_BODY_MISMATCH: {
    meaning: 'The body is not the one that the header links to.',
    remedy: 'Fetch the body again, from another peer.',
    http: 422,
  },
  BLOCK_PAYLOAD_MISSING: {
    meaning: 'A new block does not carry the payload of each of its entries.',
    remedy: 'Fetch the block with its payloads, from another peer.',
    http: 422,
  },
  BLOCK_SIGNATURE_INVALID: {
    meaning: "The producer's signature of a block does not verify for this ledger.",
    remedy: 'The sender is faulty or on another ledger: compare the ledger ids.',
    http: 422,
  },
  // Blocks: against their parent.
  BLOCK_PARENT_UNKNOWN: {
    meaning: 'The parent of a block is not known here yet.',
    remedy: 'Nothing: it waits for its parent, which is fetched.',
    http: 409,
  },
  BLOCK_HEIGHT_WRONG: {
    meaning: "The height of a block is not one above its parent's.",
    remedy: 'The producer is faulty; the block is refused.',
    http: 422,
  },
  BLOCK_TIME_TOO_EARLY: {
    meaning: 'The time of a block is not after the median of the eleven blocks before it.',
    remedy: "Set the producer's clock.",
    http: 422,
  },
  BLOCK_TIME_AHEAD: {
    meaning: "The time of a block is further ahead of this node's clock than the ledger allows.",
    remedy: 'Set the clocks of the producer and of this node; it is looked at again later.',
    http: 422,
  },
  BLOCK_SEQUENCE_WRONG: {
    meaning: "An entry of a block does not carry its author's next sequence number.",
    remedy: 'The producer is faulty; the block is refused.',
    http: 422,
  },
  BLOCK_LOG_MISMATCH: {
    meaning: 'The log size or root of a block is not what its entries make it.',
    remedy: 'The producer is faulty; the block is refused.',
    http: 422,
  },
  BLOCK_SEAL_INVALID: {
    meaning: "The seal of a block does not satisfy the ledger's engine.",
    remedy: 'The producer is faulty; the block is refused.',
    http: 422,
  },
  BLOCK_PRODUCER_NOT_ALLOWED: {
    meaning: 'The producer of a block is not one that the genesis document allows.',
    remedy:
      'Only the keys listed in the genesis document may produce blocks; `pulseledger keys` shows yours.',
    http: 403,
    exit: EXIT.mismatch,
  },
  BLOCK_EMPTY: {
    meaning: "A block has no entries, which the ledger's engine does not allow.",
    remedy: 'The producer is faulty; the block is refused.',
    http: 422,
  },
  BLOCK_BELOW_FINAL: {
    meaning: 'A block would fork the chain below the final depth.',
    remedy: 'An operator must compare the two histories; see docs/ARCHITECTURE.md, "Finality".',
    http: 409,
  },
  BLOCK_WAITING_FULL: {
    meaning: 'Too many blocks are waiting for parents that this node has not seen.',
    remedy: 'Nothing: the oldest of them was dropped and is fetched again when it is needed.',
    http: 503,
  },
  // The command line and its configuration.
  USAGE_INVALID: {
    meaning: 'A command was given a word, an option or a value that it does not take.',
    remedy: 'Look at the examples of `pulseledger help` and type the command again.',
    http: 400,
    exit: EXIT.usage,
  },
  CONFIG_KEY_UNKNOWN: {
    meaning: 'A configuration file or the environment sets something that does not exist.',
    remedy: 'Correct or remove the name; docs/CONFIGURATION.md lists every one.',
    http: 400,
    exit: EXIT.usage,
  },
  CONFIG_VALUE_INVALID: {
    meaning: 'A configured value is not of the form that it must have.',
    remedy:
      'Correct it where it is set; `pulseledger start --help` and docs/CONFIGURATION.md give the forms.',
    http: 400,
    exit: EXIT.usage,
  },
  CONFIG_FILE_INVALID: {
    meaning: 'A configuration or genesis file cannot be read as what it is meant to be.',
    remedy: 'Correct the file at the place named; docs/CONFIGURATION.md shows a whole one.',
    http: 400,
    exit: EXIT.usage,
  },
  CONFIG_FILE_UNREADABLE: {
    meaning: 'A configuration or genesis file that was named is missing or may not be read.',
    remedy: 'Check the path, relative to the working directory, and the permissions of the file.',
    http: 400,
    exit: EXIT.usage,
  },
  LEDGER_MISMATCH: {
    meaning: 'The data directory holds another ledger than the one that was asked for.',
    remedy: 'Name another directory with `--data-dir`, or leave out the genesis options.',
    http: 409,
    exit: EXIT.mismatch,
  },
  LEDGER_EXISTS: {
    meaning: 'A ledger was to be begun in a data directory that already holds one.',
    remedy: 'Start that one with `pulseledger start`, or name another directory with --data-dir.',
    http: 409,
    exit: EXIT.mismatch,
  },
  LEDGER_MISSING: {
    meaning: 'The data directory holds no ledger.',
    remedy: 'Name the right one with --data-dir, or begin a ledger with `pulseledger start`.',
    http: 404,
    exit: EXIT.notFound,
  },
  BLOCK_NOT_FOUND: {
    meaning: 'The ledger has no such block.',
    remedy: 'Type `pulseledger log` for the blocks that there are.',
    http: 404,
    exit: EXIT.notFound,
  },
  NODE_NOT_RUNNING: {
    meaning: 'Something that only a running node can do was asked of a data directory without one.',
    remedy: 'Start the node with `pulseledger start`, then try again.',
    http: 503,
    exit: EXIT.notFound,
  },
  VERIFICATION_FAILED: {
    meaning: 'Recomputing the ledger found blocks, entries or payloads that are not what they must be.',
    remedy: 'Keep a copy of the data directory, then follow the remedy printed beside each problem.',
    http: 500,
    exit: EXIT.verification,
  },
  NODE_STOPPING: {
    meaning: 'The node is stopping or has failed; it takes nothing new.',
    remedy: 'It may or may not be stored: look for it once the node runs, before sending it again.',
    http: 503,
  },
  INTERNAL: {
    meaning: 'The program did something that it must never do.',
    remedy: 'This is a bug, please report it with the lines that follow.',
    http: 500,
    exit: 1,
  },
  // The store.
  STORE_LOCKED: {
    meaning: 'Another process holds the data directory.',
    remedy: 'Use the node that runs there, stop it, or name another directory with `--data-dir`.',
    http: 503,
    exit: EXIT.locked,
  },
  STORE_FORMAT: {
    meaning: 'The data directory has a format that this version does not know.',
    remedy: 'Use the version that wrote it, or a newer one.',
    http: 500,
    exit: EXIT.format,
  },
  STORE_DAMAGED: {
    meaning: 'The database has lost or changed something that was stored.',
    remedy: 'Keep the directory as it is and restore a copy of it; nothing was deleted or repaired.',
    http: 500,
    exit: EXIT.damaged,
  },
  STORE_PERMISSION: {
    meaning: 'The data directory cannot be made, read or written.',
    remedy: 'Correct its owner, its mode or its mount, or name another directory with `--data-dir`.',
    http: 500,
    exit: EXIT.permission,
  },
  STORE_DISK_FULL: {
    meaning: 'The disk is full.',
    remedy: 'Free some space and start again: what was confirmed is stored.',
    http: 507,
    exit: EXIT.disk,
  },
  STORE_WRITE_FAILED: {
    meaning: 'The disk did not take what was written.',
    remedy:
      'Check the disk, then start again: what was confirmed is stored. A failed write is never retried.',
    http: 500,
    exit: EXIT.disk,
  },
  STORE_READ_FAILED: {
    meaning: 'The disk did not give back what was asked of it.',
    remedy: 'Check the disk, and the limit of open files (`ulimit -n`), then start again.',
    http: 500,
    exit: EXIT.disk,
  },
  // The key file.
  KEY_PERMISSIONS: {
    meaning: 'Others than the owner may read or change the key file.',
    remedy: 'Take the rights away with `chmod 600` on the file; if others had access, use a new key.',
    http: 500,
    exit: EXIT.key,
  },
  KEY_INVALID: {
    meaning: 'The key file does not hold exactly one key line.',
    remedy: 'Put the original file back from a copy; a new key would be a new author.',
    http: 500,
    exit: EXIT.key,
  },
  KEY_MISSING: {
    meaning: 'The data directory has no key file yet.',
    remedy: 'Make one with `pulseledger keys --create`; the first `pulseledger start` does it too.',
    http: 404,
    exit: EXIT.key,
  },
  KEY_UNREADABLE: {
    meaning: 'The key file could not be read or written.',
    remedy: 'Check the owner of the data directory and the space left on its disk.',
    http: 500,
    exit: EXIT.key,
  },
  // The control socket between the command line and a running node.
  CONTROL_REQUEST_INVALID: {
    meaning: 'A request on the control socket is not one that the node knows.',
    remedy: 'Use the command line of the same version as the node.',
    http: 400,
    exit: EXIT.usage,
  },
  CONTROL_UNANSWERED: {
    meaning: 'A node holds the data directory but does not answer on its control socket.',
    remedy: 'Look at what that process is doing, stop it if it hangs, then try again.',
    http: 503,
    exit: EXIT.locked,
  },
  CONTROL_BUSY: {
    meaning: 'The node serves as many control connections as it allows.',
    remedy: 'End some of the commands that follow or list the ledger, then try again.',
    http: 503,
    exit: EXIT.locked,
  },
  // Terminals.
  TERMINAL_PORT_TAKEN: {
    meaning: 'Another program serves the port that terminals were to be served on.',
    remedy: 'Stop that program, or choose another port, such as `ADDR=9001 pulseledger start`.',
    http: 500,
    exit: EXIT.portTaken,
  },
  TERMINAL_PORT_FORBIDDEN: {
    meaning: 'The system does not allow this user to serve the port.',
    remedy: 'Choose a port above 1023, such as `ADDR=9000 pulseledger start`.',
    http: 500,
    exit: EXIT.permission,
  },
  TERMINAL_ADDRESS_INVALID: {
    meaning: 'The address that terminals were to be served on is not one of this machine.',
    remedy: 'Use an address of this machine: 127.0.0.1 for it alone, 0.0.0.0 for everyone who can reach it.',
    http: 500,
    exit: EXIT.usage,
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS
