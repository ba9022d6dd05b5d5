/**
 * For simulators: the parts of a node that stand on ports alone, and ports without a machine behind them.
 * Nothing here opens a socket or a file, or knows what time it is.
 */
export { loadCrypto } from './crypto/load.ts'
export { nodeCrypto } from './crypto/node-crypto.ts'
export { Exchange } from './exchange/exchange.ts'
export { joinLedgerParts, type LedgerParts } from './ledger-parts.ts'
export { NODE_LIMITS } from './limits.ts'
export { MemoryHub, type Weather } from './network/memory/hub.ts'
export type { MemoryNetwork } from './network/memory/network.ts'
export { type LedgerRules, openOrCreateLedger } from './open-ledger.ts'
export * from './ports.ts'
export { MemoryDisk } from './store/memory/memory-disk.ts'
export { MemoryStore } from './store/memory/memory-store.ts'
export { verifyStore } from './verify/verify-store.ts'
