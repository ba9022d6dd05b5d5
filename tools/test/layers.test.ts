import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkLayers } from '../layers.ts'
import { makeTree } from './support/tree.ts'

/** A small repository in which everything is allowed. */
const SOUND = {
  'package.json': '{ "name": "root", "private": true, "type": "module" }',
  'packages/core/package.json':
    '{ "name": "@pulseledger/core", "type": "module", "exports": { ".": "./src/index.ts" } }',
  'packages/core/src/index.ts': "export * from './block/block.ts'\nexport * from './log/tree.ts'\n",
  'packages/core/src/limits.ts': 'export const MAX = 1\n',
  'packages/core/src/codec/codec.ts': "import { MAX } from '../limits.ts'\nexport const codec = MAX\n",
  'packages/core/src/block/block.ts':
    "import { codec } from '../codec/codec.ts'\nexport const block = codec\n",
  'packages/core/src/log/tree.ts': "import { codec } from '../codec/codec.ts'\nexport const tree = codec\n",
  'packages/node/package.json':
    '{ "name": "pulseledger", "type": "module", "dependencies": { "@pulseledger/core": "*" } }',
  'packages/node/src/index.ts': "export * from './node.ts'\n",
  'packages/node/src/ports.ts':
    "import type { block } from '@pulseledger/core'\nexport type Block = typeof block\n",
  'packages/node/src/store/store.ts': "import type { Block } from '../ports.ts'\nexport type Store = Block\n",
  'packages/node/src/views/view.ts': "import type { Block } from '../ports.ts'\nexport type View = Block\n",
  'packages/node/src/terminal/server.ts':
    "import type { View } from '../views/view.ts'\nexport type Server = View\n",
  'packages/node/src/runner.ts':
    "import type { Store } from './store/store.ts'\nexport type Runner = Store\n",
  'packages/node/src/node.ts':
    "import type { Runner } from './runner.ts'\nimport type { Server } from './terminal/server.ts'\n" +
    'export type Node = Runner | Server\n',
}

async function problemsOf(changes: Readonly<Record<string, string>>): Promise<string> {
  const root = makeTree({ ...SOUND, ...changes })
  mkdirSync(join(root, 'node_modules', '@pulseledger'), { recursive: true })
  symlinkSync(join(root, 'packages/core'), join(root, 'node_modules/@pulseledger/core'))
  return (await checkLayers(root)).problems.join('\n')
}

describe('layers', () => {
  test('accepts a repository in which every import goes to a lower layer', async () => {
    expect(await problemsOf({})).toBe('')
  })

  test.each([
    [
      'a folder of core importing one above it',
      'core-codec',
      {
        'packages/core/src/codec/bad.ts':
          "import { block } from '../block/block.ts'\nexport const bad = block\n",
      },
    ],
    [
      'block importing log',
      'core-block',
      {
        'packages/core/src/block/bad.ts': "import { tree } from '../log/tree.ts'\nexport const bad = tree\n",
      },
    ],
    [
      'an import of types alone',
      'core-log',
      {
        'packages/core/src/log/bad.ts':
          "import type { block } from '../block/block.ts'\nexport type Bad = typeof block\n",
      },
    ],
    [
      'a leaf file of core importing a folder',
      'core-leaf',
      {
        'packages/core/src/bad.ts': "import { codec } from './codec/codec.ts'\nexport const bad = codec\n",
      },
    ],
    [
      'a folder of core without a place in the order',
      'core-folder-unknown',
      {
        'packages/core/src/index.ts': "export * from './other/other.ts'\n",
        'packages/core/src/other/other.ts': "export * from '../limits.ts'\n",
      },
    ],
    [
      'core importing a module of Node',
      'core-has-no-dependencies',
      {
        'packages/core/src/log/bad.ts': "import { sep } from 'node:path'\nexport const bad = sep\n",
      },
    ],
    [
      'one adapter importing another',
      'node-adapters-apart',
      {
        'packages/node/src/store/bad.ts':
          "import type { Server } from '../terminal/server.ts'\nexport type Bad = Server\n",
      },
    ],
    [
      'an adapter importing the runner',
      'node-adapters-apart',
      {
        'packages/node/src/store/bad.ts':
          "import type { Runner } from '../runner.ts'\nexport type Bad = Runner\n",
      },
    ],
    [
      'the ports importing an adapter',
      'node-leaf',
      {
        'packages/node/src/ports.ts':
          "import type { Store } from './store/store.ts'\nexport type Block = Store\n",
      },
    ],
    [
      'the runner importing the composition root',
      'node-runner',
      {
        'packages/node/src/runner.ts': "import type { Node } from './node.ts'\nexport type Runner = Node\n",
      },
    ],
    [
      'core importing node',
      'package-core',
      {
        'packages/core/src/log/bad.ts':
          "import type { Node } from '../../../node/src/index.ts'\nexport type Bad = Node\n",
      },
    ],
    [
      'a relative path into another package',
      'package-by-name',
      {
        'packages/node/src/store/bad.ts': "export * from '../../../core/src/index.ts'\n",
      },
    ],
    [
      'a file inside another package',
      'package-index-only',
      {
        'packages/node/src/store/bad.ts': "export * from '../../../core/src/limits.ts'\n",
      },
    ],
    [
      'a cycle',
      'no-cycles',
      {
        'packages/core/src/log/a.ts': "import { b } from './b.ts'\nexport const a = (): unknown => b\n",
        'packages/core/src/log/b.ts': "import { a } from './a.ts'\nexport const b = (): unknown => a\n",
      },
    ],
    [
      'a module that nothing imports and that imports nothing',
      'no-orphans',
      {
        'packages/node/src/store/orphan.ts': 'export const orphan = 1\n',
      },
    ],
    [
      'an import that leads nowhere',
      'no-unresolved',
      {
        'packages/node/src/store/bad.ts': "export * from './missing.ts'\n",
      },
    ],
    [
      'a dependency for development only',
      'no-undeclared-dependencies',
      {
        'package.json': '{ "name": "root", "type": "module", "devDependencies": { "left": "1.0.0" } }',
        'node_modules/left/package.json': '{ "name": "left", "version": "1.0.0", "main": "index.js" }',
        'node_modules/left/index.js': 'module.exports = 1\n',
        'packages/node/src/store/bad.ts': "import left from 'left'\nexport const bad: unknown = left\n",
      },
    ],
  ])('rejects %s', async (_claim, rule, changes) => {
    expect(await problemsOf(changes)).toContain(`${rule}: `)
  })

  test('rejects a run that found no source file', async () => {
    const { problems } = await checkLayers(makeTree({ 'package.json': '{}', 'packages/core/readme.md': '' }))
    expect(problems).toEqual([expect.stringContaining('no source file')])
  })

  test('rejects a run that did not look at every source file', async () => {
    const hidden = 'packages/core/src/log/dist/hidden.ts'
    expect(await problemsOf({ [hidden]: 'export const hidden = 1\n' })).toContain(`not looked at: ${hidden}`)
  })
})
