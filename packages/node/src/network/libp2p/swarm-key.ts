import { fail, fromHex, ok, type Result, toHex, utf8 } from '@pulseledger/core'
import { NODE_LIMITS } from '../../limits.ts'

/**
 * The key of a closed group: who lacks it cannot even begin to talk to its nodes. The file is that of IPFS
 * (https://github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md):
 *
 *     /key/swarm/psk/1.0.0/
 *     /base16/
 *     dffb7e3135399a8b1612b2aaca1c36a3a8ac2cd0cca51ceeb2ced87d308cac6d
 */
const TAG = '/key/swarm/psk/1.0.0/'
const ENCODING = '/base16/'
const KEY_BYTES = 32

/**
 * The 32 bytes of the key. The text after the key may be a line end and nothing else. Errors:
 * SWARM_KEY_INVALID.
 */
export function parseSwarmKey(file: Uint8Array): Result<Uint8Array> {
  if (file.length > NODE_LIMITS.swarmKeyBytesMax) return invalid(`it has ${file.length} bytes`)
  const [tag, encoding, digits = '', ...rest] = Buffer.from(file).toString('latin1').split(/\r?\n/)
  if (tag !== TAG) return invalid(`its first line is not ${TAG}`)
  if (encoding !== ENCODING) return invalid(`its second line is not ${ENCODING}`)
  const key = fromHex(digits)
  if (key?.length !== KEY_BYTES) return invalid(`its third line is not ${2 * KEY_BYTES} hexadecimal digits`)
  if (rest.some((line) => line !== '')) return invalid('something follows the key')
  return ok(key)
}

/** The file of a key of 32 bytes. */
export function formatSwarmKey(key: Uint8Array): Uint8Array {
  return utf8(`${TAG}\n${ENCODING}\n${toHex(key)}\n`)
}

function invalid(message: string): ReturnType<typeof fail> {
  return fail('SWARM_KEY_INVALID', `the swarm key is not valid: ${message}`)
}
