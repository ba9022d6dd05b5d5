import { basename, isAbsolute, relative, sep } from 'node:path'

/**
 * How the command line was called, as somebody would type it to call it again in the same directory:
 * `npx pulseledger` below npm and npx, `pulseledger` when it is installed, else node with the script.
 */
export function invocationOf(
  environment: { readonly [name: string]: string | undefined },
  script: string | undefined,
  workingDirectory: string,
): string {
  if (environment.npm_command) return 'npx pulseledger'
  const isInstalled = script === undefined || script.includes(`${sep}node_modules${sep}`)
  if (isInstalled || basename(script) === 'pulseledger') return 'pulseledger'
  const path = relative(workingDirectory, script)
  return `node ${shellWord(path.startsWith('..') || isAbsolute(path) ? script : path)}`
}

/** As a shell takes it for one word. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
