import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { fail, ok, type Result } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'

const BYTES_MAX = NODE_LIMITS.configFileBytesMax

const UTF8_MARK = '\ufeff'

/**
 * The text of a small file, without a byte order mark; undefined when there is no such file. Errors:
 * CONFIG_FILE_UNREADABLE, CONFIG_FILE_INVALID (not a file, too large, not UTF-8).
 */
export function readTextFile(path: string): Result<string | undefined> {
  let bytes: Buffer
  try {
    // Before it is opened: opening a pipe would wait for a writer, for ever.
    const facts = statSync(path)
    if (!facts.isFile()) return fail('CONFIG_FILE_INVALID', `${path} is not a file`)
    if (facts.size > BYTES_MAX) return tooLarge(path)
    bytes = readCapped(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return ok(undefined)
    return fail('CONFIG_FILE_UNREADABLE', `${path} could not be read: ${(error as Error).message}`)
  }
  if (bytes.length > BYTES_MAX) return tooLarge(path)
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return ok(text.startsWith(UTF8_MARK) ? text.slice(UTF8_MARK.length) : text)
  } catch {
    return fail('CONFIG_FILE_INVALID', `${path} is not UTF-8 text (PowerShell's > writes UTF-16)`)
  }
}

/** One byte more than is allowed at most: the file may have grown since it was looked at. */
function readCapped(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(Math.min(fstatSync(file).size, BYTES_MAX) + 1)
    let length = 0
    while (length < buffer.length) {
      const count = readSync(file, buffer, length, buffer.length - length, null)
      if (count === 0) break
      length += count
    }
    return buffer.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

function tooLarge(path: string): ReturnType<typeof fail> {
  return fail('CONFIG_FILE_INVALID', `${path} is larger than ${BYTES_MAX} bytes`)
}
