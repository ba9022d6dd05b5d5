import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'

const RIVALS = new URL('../rivals/', import.meta.url)

/**
 * Installs the rivals of bench/rivals, which `npm ci` of this repository leaves alone. None of their install
 * scripts is run: what they need of native code is in their packages. Undefined, or why they are missing.
 */
export function installRivals(): string | undefined {
  if (isInstalled()) return undefined
  console.log('(installing the rivals in bench/rivals: 290 packages, 290 MB)')
  const run = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: RIVALS, encoding: 'utf8' })
  if (run.error) return `npm ci in bench/rivals: ${run.error.message}`
  if (run.status !== 0) return `npm ci in bench/rivals: ${run.stderr.trim().split('\n').at(0)}`
  return undefined
}

function isInstalled(): boolean {
  const installed = new URL('node_modules/.package-lock.json', RIVALS)
  const wanted = new URL('package-lock.json', RIVALS)
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs
}
