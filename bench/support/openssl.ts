import { spawnSync } from 'node:child_process'

/**
 * Ed25519 verifications a second of two OpenSSL processes: what this machine could do if it did nothing else.
 * Undefined when there is no `openssl`.
 */
export async function measureOpenssl(): Promise<number | undefined> {
  const run = spawnSync('openssl', ['speed', '-seconds', '3', '-multi', '2', 'ed25519'], { encoding: 'utf8' })
  if (run.status !== 0) return undefined
  const row = run.stdout.split('\n').find((line) => line.includes('EdDSA (Ed25519)'))
  const verifications = Number(row?.trim().split(/\s+/).at(-1))
  return Number.isFinite(verifications) ? verifications : undefined
}
