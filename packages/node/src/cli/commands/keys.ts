import { mkdirSync } from 'node:fs'
import { toHex } from '@pulseledger/core'
import { loadCrypto } from '../../crypto/index.ts'
import { readKeyFile, readOrCreateKeyFile } from '../../keys/key-file.ts'
import { NodeFailure } from '../../ports.ts'
import { keyPath } from '../../store/level/data-directory.ts'
import { asciiJson, printable } from '../../views/printable.ts'
import { type Call, type Command, JSON_OPTION } from '../command.ts'
import type { CliIo } from '../io.ts'
import { Output } from '../output.ts'

export const keys: Command = {
  name: 'keys',
  summary: "show the node's public key",
  description: `Shows the public key that the node signs with, and the file that holds the private one.
Keep a copy of that file: a new key is a new author. The private key is never printed.`,
  options: [{ flags: '--create', help: 'make the key when there is none' }, JSON_OPTION],
  examples: [
    ['pulseledger keys', 'the key of this directory'],
    ['pulseledger keys --create', 'make it before the first start'],
  ],
  run,
}

async function run({ io, config, options, json }: Call): Promise<void> {
  const path = keyPath(config.values.dataDir)
  const seed = options.create === true ? await create(config.values.dataDir, io) : await readKeyFile(path)
  if (!seed) throw new NodeFailure('KEY_MISSING', `there is no key ${path}`)
  const publicKey = toHex((await loadCrypto()).signer(seed).publicKey)
  const output = new Output(io.stdout)
  const lines = [`public key  ${publicKey}`, `key file    ${printable(path, 4_096)}`]
  for (const line of json ? [asciiJson({ publicKey, path })] : lines) await output.line(line)
  await output.flush()
}

async function create(directory: string, { random }: CliIo): Promise<Uint8Array> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    const message = `${directory} could not be made: ${(error as Error).message}`
    throw new NodeFailure('STORE_PERMISSION', message, { cause: error })
  }
  return readOrCreateKeyFile(keyPath(directory), random)
}
