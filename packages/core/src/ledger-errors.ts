import { type ErrorRow, EXIT } from './error-row.ts'

const FORMAT_REMEDY = 'Send exactly what docs/spec/ describes; the sender and not this node must change.'

/** What can be wrong with readings, entries, blocks and their bytes. */
export const LEDGER_ERRORS = {
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
  MESSAGE_INVALID: {
    meaning: 'A message of another node has a missing, unknown or out-of-bounds field.',
    remedy: FORMAT_REMEDY,
    http: 400,
  },
  INVITE_INVALID: {
    meaning: 'The invite is cut off, mistyped or of another version of the program.',
    remedy: 'Copy the whole word again; `pulseledger invite` prints it on the node that invites.',
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
  BLOCK_TARGET_WRONG: {
    meaning: 'A block says another difficulty than follows from the block before it.',
    remedy: 'The producer is faulty; the block is refused.',
    http: 422,
  },
  BLOCK_WORK_INSUFFICIENT: {
    meaning: 'The nonce of a block does not do the work that its difficulty asks for.',
    remedy: 'The producer is faulty; the block is refused.',
    http: 422,
  },
  BLOCK_WEIGHT_TOO_LARGE: {
    meaning: 'The weights of the blocks of a chain add up to more than 32 bytes hold.',
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
    remedy:
      'Decide which history stays; on the nodes of the other one run `pulseledger rejoin`. ' +
      'See docs/ARCHITECTURE.md, "Finality".',
    http: 409,
  },
  BLOCK_WAITING_FULL: {
    meaning: 'Too many blocks are waiting for parents that this node has not seen.',
    remedy: 'Nothing: the oldest of them was dropped and is fetched again when it is needed.',
    http: 503,
  },
} as const satisfies Record<string, ErrorRow>
