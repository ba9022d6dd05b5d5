import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { toHex } from '@pulseledger/core'
import type { Random } from '../ports.ts'

/** sun_path of macOS has 104 bytes with its end, that of Linux 108; what fits the smaller one fits both. */
const SOCKET_PATH_BYTES_MAX = 103

/** Where the control socket of a data directory is to be. `release` takes away what was made for it. */
export interface ControlAddress {
  readonly path: string
  readonly release: () => void
}

/**
 * `<directory>/control.sock`; when that path is too long for a socket, a private directory among the
 * temporary files; on Windows a named pipe that cannot be guessed. Whoever wants to connect finds it in
 * node.json.
 */
export function controlAddress(directory: string, random: Random): ControlAddress {
  if (process.platform === 'win32') {
    return { path: `\\\\.\\pipe\\pulseledger-${toHex(random.bytes(16))}`, release: () => {} }
  }
  const path = join(directory, 'control.sock')
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) {
    // The lock of the data directory is ours: what a killed node left here has no owner any more.
    removeSocket(path)
    return { path, release: () => removeSocket(path) }
  }
  const made = join(mkdtempSync(join(tmpdir(), 'pulseledger-')), 'control.sock')
  return { path: made, release: () => rmSync(dirname(made), { recursive: true, force: true }) }
}

/** Nobody but the owner may talk to the node. A named pipe has no such mode; its name is the secret. */
export function closeToOthers(path: string): void {
  if (process.platform !== 'win32') chmodSync(path, 0o600)
}

function removeSocket(path: string): void {
  rmSync(path, { force: true })
}
