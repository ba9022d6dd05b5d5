import { type ErrorRow, EXIT } from './error-row.ts'

/** What can go wrong between nodes. */
export const NETWORK_ERRORS = {
  // The network: other nodes of the ledger.
  NETWORK_OFF: {
    meaning: 'Something that needs other nodes was asked of a node that has no network.',
    remedy: 'Start it without `--listen off`.',
    http: 409,
    exit: EXIT.usage,
  },
  NETWORK_PORT_TAKEN: {
    meaning: 'Another program serves the port that other nodes were to connect to.',
    remedy: 'Stop that program, or choose another port, such as `pulseledger start --listen 7401`.',
    http: 500,
    exit: EXIT.portTaken,
  },
  NETWORK_ADDRESS_INVALID: {
    meaning: 'An address of this node or of another one is not of the form that it must have.',
    remedy: 'Write it as `host:port`, `[IPv6 address]:port` or a multiaddr such as /ip4/10.0.0.2/tcp/7400.',
    http: 400,
    exit: EXIT.usage,
  },
  NETWORK_LISTEN_FAILED: {
    meaning: 'The system did not let this node listen for other nodes at an address.',
    remedy: 'Listen on an address of this machine and a port above 1023, such as `--listen 0.0.0.0:7400`.',
    http: 500,
    exit: EXIT.permission,
  },
  PEER_UNREACHABLE: {
    meaning: 'No node could be reached at an address.',
    remedy: 'Check that a node runs there, its firewall, and that both use the same --swarm-key or none.',
    http: 502,
    exit: EXIT.notFound,
  },
  PEER_GONE: {
    meaning: 'A peer is not connected, or was lost before it answered.',
    remedy: 'Nothing: another peer is asked, and this one is dialled again.',
    http: 502,
  },
  PEER_TIMEOUT: {
    meaning: 'A peer did not answer in time.',
    remedy: 'Nothing: another peer is asked.',
    http: 504,
  },
  PEER_REFUSED: {
    meaning: 'A peer ended a request without an answer: it is busy, or does not want to.',
    remedy: 'Nothing: another peer is asked.',
    http: 502,
  },
  PEER_ANSWER_INVALID: {
    meaning: 'The answer of a peer is too long, was cut short or is not what the protocol allows.',
    remedy: 'Nothing: the peer is disconnected and another one is asked.',
    http: 502,
  },
  PEER_CLAIM_FALSE: {
    meaning: 'A peer claimed a chain that it does not have, or another height of it than it has.',
    remedy: 'Nothing: it was hung up on, other peers are asked. Its operator must look why it says so.',
    http: 502,
  },
  PEER_HEADERS_INVALID: {
    meaning: 'A peer offered headers that do not follow on one another, or a chain with an invalid block.',
    remedy: 'Nothing: it was hung up on. Its operator must look whether it runs the same version.',
    http: 502,
  },
  PEER_STALLED: {
    meaning: 'A peer left several questions in a row unanswered.',
    remedy: 'Nothing: other peers are asked, and it is tried again later. Look at its connection and load.',
    http: 504,
  },
  PEER_FLOOD: {
    meaning: 'A peer sends far more messages or requests than any node needs.',
    remedy: 'Nothing: the peer is disconnected and refused for a while.',
    http: 429,
  },
  LEDGER_FOREIGN: {
    meaning: 'A node that was met keeps another ledger.',
    remedy: 'Compare the two ledger ids; `pulseledger join` makes a directory for the other ledger.',
    http: 409,
    exit: EXIT.mismatch,
  },
  SWARM_KEY_INVALID: {
    meaning: 'The file is not a swarm key.',
    remedy: 'It must have three lines: /key/swarm/psk/1.0.0/ then /base16/ then 64 hexadecimal digits.',
    http: 400,
    exit: EXIT.key,
  },
  DEVNET_FAILED: {
    meaning: 'A node of a devnet did not start, or a command that was given to the devnet failed.',
    remedy: 'Look at the lines before: those of commands begin with `error`, and `help` lists all commands.',
    http: 500,
    exit: EXIT.devnet,
  },
} as const satisfies Record<string, ErrorRow>
