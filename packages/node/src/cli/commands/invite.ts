import { loadCrypto } from '../../crypto/index.ts'
import { asciiJson, printable } from '../../views/printable.ts'
import { type Call, type Command, JSON_OPTION } from '../command.ts'
import { openRunning } from '../open-access.ts'
import { Output } from '../output.ts'

export const invite: Command = {
  name: 'invite',
  summary: 'print the word that lets another node join',
  description: `Prints the invite of the running node: its ledger and its addresses in one word, and the
command to type elsewhere. Whoever has it can find the node; it is no secret and no key.`,
  options: [JSON_OPTION],
  examples: [
    ['pulseledger invite', 'for the next terminal or machine'],
    ['pulseledger invite --json', 'for a program'],
  ],
  run,
}

/** Characters of an invite: 16 addresses fit. */
const INVITE_CHARACTERS_MAX = 8_192

async function run({ io, config, json }: Call): Promise<void> {
  const node = await openRunning({
    directory: config.values.dataDir,
    crypto: await loadCrypto(),
    clock: io.clock,
  })
  const output = new Output(io.stdout)
  try {
    const word = printable(await node.invite(), INVITE_CHARACTERS_MAX)
    const command = `${io.invocation} join ${word}`
    const lines = [word, '', 'In another terminal, or on another machine, type:', `  ${command}`]
    for (const line of json ? [asciiJson({ invite: word, command })] : lines) await output.line(line)
  } finally {
    await node.close()
    await output.flush()
  }
}
