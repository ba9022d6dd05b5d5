import { link, open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fromHex, toHex } from '@pulseledger/core'
import { NodeFailure, type Random } from '../ports.ts'

/**
 * The file that holds the node's signing key: one line of text, mode 0600.
 *
 *     pulseledger-ed25519-key-v1 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60
 *
 * The 64 characters are the 32-byte seed of RFC 8032 section 5.1.5 in lower-case hexadecimal, and a newline
 * ends the line. Nothing else is accepted, so that a truncated or edited file is seen instead of being a new
 * author.
 *
 * A new key is written to a file beside it, made durable, and only then linked to its name. A crash leaves
 * either no key or the whole one, and never a key that signed something and is gone. Linking fails when the
 * name exists: of two processes that make a key at once, one wins and both use its key. Nothing ever
 * overwrites a key.
 */

const TAG = 'pulseledger-ed25519-key-v1'
const SEED_BYTES = 32
const LINE = new RegExp(`^${TAG} ([0-9a-f]{${2 * SEED_BYTES}})\n$`)
const FILE_BYTES = TAG.length + 1 + 2 * SEED_BYTES + 1

/** What a key is called while it is being written; several processes may be at it. */
const UNFINISHED_SUFFIX = '.unfinished'

/** The seed in the file at `path`: 32 bytes; undefined when there is no such file. */
export async function readKeyFile(path: string): Promise<Uint8Array | undefined> {
  const text = await readPrivateText(path)
  if (text === undefined) return undefined
  const seed = fromHex(LINE.exec(text)?.[1] ?? '')
  if (seed?.length !== SEED_BYTES) {
    throw new NodeFailure('KEY_INVALID', `${path} does not hold one line "${TAG}" and 64 hexadecimal digits`)
  }
  return seed
}

/** The seed in the file at `path`, which is made first when there is none. Its directory must exist. */
export async function readOrCreateKeyFile(path: string, random: Random): Promise<Uint8Array> {
  const seed = (await readKeyFile(path)) ?? (await createKeyFile(path, random))
  await removeUnfinished(path)
  return seed
}

async function createKeyFile(path: string, random: Random): Promise<Uint8Array> {
  const seed = random.bytes(SEED_BYTES)
  const unfinished = `${path}.${toHex(random.bytes(8))}${UNFINISHED_SUFFIX}`
  try {
    await writeDurably(unfinished, `${TAG} ${toHex(seed)}\n`)
    const wasFirst = await linkOnce(unfinished, path)
    await syncDirectory(dirname(path))
    if (wasFirst) return seed
  } catch (error) {
    throw new NodeFailure('KEY_UNREADABLE', `${path} could not be made: ${reason(error)}`, { cause: error })
  }
  const winner = await readKeyFile(path)
  if (winner) return winner
  throw new NodeFailure('KEY_UNREADABLE', `${path} was made and removed again by another process`)
}

async function readPrivateText(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r')
    try {
      const facts = await file.stat()
      if (!facts.isFile()) throw new NodeFailure('KEY_INVALID', `${path} is not a file`)
      // Windows has no such bits: there the profile directory keeps others out.
      const forOthers = process.platform === 'win32' ? 0 : facts.mode & 0o077
      if (forOthers !== 0) {
        const mode = (facts.mode & 0o777).toString(8).padStart(4, '0')
        throw new NodeFailure('KEY_PERMISSIONS', `${path} has mode ${mode} and must have 0600`)
      }
      if (facts.size !== FILE_BYTES) {
        throw new NodeFailure('KEY_INVALID', `${path} has ${facts.size} bytes where a key has ${FILE_BYTES}`)
      }
      return (await file.readFile()).toString('latin1')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof NodeFailure) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new NodeFailure('KEY_UNREADABLE', `${path} could not be read: ${reason(error)}`, { cause: error })
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Gives `from` the name `to` unless that name is taken; false when it is. `from` is gone afterwards. */
async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // ENOENT: a process that found the winner's key swept our file away.
    if (code === 'ENOENT') return false
    if (code === 'EEXIST') {
      await removeIfThere(from)
      return false
    }
    // A file system without hard links. The caller saw no key a moment ago and holds the data directory.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') {
      await rename(from, to)
      return true
    }
    throw error
  }
  await removeIfThere(from)
  return true
}

/**
 * What crashes left. Only once the key exists, so that no file is taken from a process that may still win.
 */
async function removeUnfinished(path: string): Promise<void> {
  const directory = dirname(path)
  for (const name of await readdir(directory)) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(UNFINISHED_SUFFIX)) continue
    await removeIfThere(join(directory, name))
  }
}

/** Another process that found a key may sweep at the same time. */
async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/** Without it the new name may be gone after a power cut although the file is not. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
