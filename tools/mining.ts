/**
 * Writes packages/node/src/mining/module.ts: `npm run build:mining`, after tools/mining/ changed.
 *
 * The module that searches for nonces is WebAssembly. Its text is made by mining/wat.ts, turned into bytes by
 * wabt, and committed as base64, so that nothing is built where the node is installed. A test builds it again
 * and finds the same bytes (docs/adr/0014-mining-module.md).
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import wabtModule from 'wabt'
import { miningWat } from './mining/wat.ts'

const MODULE_PATH = 'packages/node/src/mining/module.ts'

/** Throws, with the line, when the text is not valid WebAssembly. */
export async function compileWat(wat: string): Promise<Uint8Array> {
  const wabt = await wabtModule()
  const module = wabt.parseWat('mining.wat', wat, { simd: true })
  try {
    module.validate()
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

/** The source file that holds these bytes. */
export function moduleSource(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,100}/g)
  return `/**
 * Written by \`npm run build:mining\` from tools/mining/wat.ts, which says what it does. Change it there.
 * ${bytes.length.toLocaleString('en')} bytes of WebAssembly in base64.
 */
export const MINING_MODULE = \`
${lines?.join('\n')}
\`
`
}

async function main(): Promise<void> {
  const bytes = await compileWat(miningWat())
  writeFileSync(resolve(import.meta.dirname, '..', MODULE_PATH), moduleSource(bytes))
  console.log(`wrote ${MODULE_PATH}: ${bytes.length} bytes of WebAssembly`)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
