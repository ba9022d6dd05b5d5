import type { GenesisDocument, Measure } from '@pulseledger/core'
import { NodeFailure } from '../ports.ts'

/** `127.0.0.1:9000`, `[::1]:9000`. */
export function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * The measure that readings of an address have: the ledger's first when none was named. Throws
 * MEASURE_UNKNOWN.
 */
export function measureOf({ measures }: GenesisDocument, name: string | undefined): Measure {
  const known = measures.find((measure) => name === undefined || name === measure.name)
  if (known !== undefined) return known
  const names = measures.map((measure) => measure.name).join(', ')
  throw new NodeFailure('MEASURE_UNKNOWN', `the ledger has no measure "${name}"; it has ${names}`)
}
