/**
 * A process that holds a store, for tests that need a second one. Started as
 *
 *   node store-process.ts <directory> hold             opens, says "open", waits
 *   node store-process.ts <directory> commit <count>   commits so many blocks, says "<height>" after each
 *
 * and in both cases says "failed <code> <what else it saw>" when something fails.
 */
import { NodeFailure } from '../../src/ports.ts'
import { LevelStore } from '../../src/store/level/level-store.ts'
import { append, TestChain } from './chain.ts'

const [directory = '', mode, count = '0'] = process.argv.slice(2)
const chain = new TestChain('process', { signed: false })
const store = new LevelStore({
  directory,
  crypto: chain.crypto,
  holder: { pid: process.pid, startedAt: 1_767_225_600_000 },
})

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

try {
  await store.open()
  say('open')
  if (mode === 'hold') await new Promise((resolve) => process.stdin.once('data', resolve).resume())
  if (mode === 'commit') await commitBlocks(Number(count))
  await store.close()
} catch (error) {
  if (!(error instanceof NodeFailure)) throw error
  say(`failed ${error.code} ${error.message}`)
}
process.exit()

async function commitBlocks(blocks: number): Promise<void> {
  let head = chain.genesis
  await store.commit(append(head))
  const names = Array.from({ length: 100 }, (_, i) => `author ${i % 3}`)
  for (let done = 0; done < blocks; done++) {
    const next = chain.block(head, names)
    try {
      await store.commit(append(next))
    } catch (error) {
      if (!(error instanceof NodeFailure)) throw error
      const later = await store.commit(append(chain.block(head, names))).catch((failure: unknown) => failure)
      const read = store.block(head.block.hash)?.block.header.height
      say(`failed ${error.code} ${later === error ? 'same' : 'other'} ${read} ${error.message}`)
      return
    }
    head = next
    say(`${head.block.header.height}`)
  }
}
