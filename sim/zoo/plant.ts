/**
 * Plants a bug: `node --import "<URL of this file>?bug=<name>" hunter.ts`. The product is loaded as it is,
 * but for the files that the bug is in, whose text is changed on its way from the disk. So production code
 * has no switches, and a bug is as deep in it as a real one.
 */
import { registerHooks } from 'node:module'
import { bugNamed } from './bugs.ts'
import { plantedSources } from './patch.ts'

const name = new URL(import.meta.url).searchParams.get('bug') ?? ''
const sources = plantedSources(bugNamed(name))
const unloaded = new Set(sources.keys())

registerHooks({
  load(url, context, nextLoad) {
    const source = sources.get(url)
    if (source === undefined) return nextLoad(url, context)
    unloaded.delete(url)
    return { format: 'module-typescript', source, shortCircuit: true }
  },
})

process.on('exit', () => {
  if (unloaded.size === 0) return
  console.error(`error: ${name} was not planted: nothing loads ${[...unloaded].join(', ')}`)
  process.exitCode = 1
})
