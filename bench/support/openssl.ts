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

const SHA256_BLOCK_BYTES = 64
const LONG_BYTES = 16_384

/**
 * Compressions of SHA-256 a second of one OpenSSL process, from inputs so long that what comes before and
 * after them does not count. Undefined when there is no `openssl`.
 */
export function measureOpensslSha256(): number | undefined {
  const options = ['speed', '-seconds', '2', '-bytes', String(LONG_BYTES), '-evp', 'sha256']
  const run = spawnSync('openssl', options, { encoding: 'utf8' })
  if (run.status !== 0) return undefined
  const row = run.stdout.split('\n').find((line) => /^sha256\b/i.test(line))
  const kilobytes = Number(row?.trim().split(/\s+/).at(-1)?.replace('k', ''))
  return Number.isFinite(kilobytes) ? (kilobytes * 1000) / SHA256_BLOCK_BYTES : undefined
}
