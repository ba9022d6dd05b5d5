import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { replay } from './support/replay.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()

const FOLDER = new URL('../../../../testdata/transcripts/process/', import.meta.url)
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))

test('there are transcripts of the real command', () => {
  expect(names.length).toBeGreaterThan(0)
})

test.each(names)('%s holds for the real command and real sockets', async (name) => {
  const directory = world.directory()
  // The tutorial's whole configuration, but for the port, which the system chooses here.
  writeFileSync(join(directory, '.env'), 'ADDR=0\n')
  await replay(readFileSync(new URL(name, FOLDER), 'utf8'), {
    async start() {
      const node = world.launch({
        directory,
        args: ['start', '--no-json', '--broadcast-interval', '300ms'],
      })
      const port = await node.stdout.waitFor(
        'the nc command',
        (text) => /^ {2}nc localhost (\d+)$/m.exec(text)?.[1],
      )
      return { node, port: Number(port) }
    },
    connect: (port, client) => world.connect(port, client),
  })
})
