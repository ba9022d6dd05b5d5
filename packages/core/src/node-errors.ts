import { type ErrorRow, EXIT } from './error-row.ts'

/** What can go wrong with a node: its configuration, its store, its key, its ports. */
export const NODE_ERRORS = {
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
  REJOIN_UNFINISHED: {
    meaning: 'A rejoin was cut off after it had begun to exchange the ledger of the data directory.',
    remedy: 'Run `pulseledger rejoin` again: it finishes what was begun, and nothing is lost.',
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
  ENTRY_UNKNOWN: {
    meaning: 'The ledger has no such block or entry, and the node knows of none that waits or was refused.',
    remedy: 'Compare the id with `pulseledger log --readings`, which lists every entry of the chain.',
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
