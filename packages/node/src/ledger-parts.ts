/**
 * The parts of a node that know each other: the ledger, the runner that carries out what it decides, the
 * service that answers for it, and whatever tells other nodes. They stand on ports alone, so the same joints
 * hold in the command, in tests over memory, and in the simulator.
 */
import {
  type Block,
  type EntryWithPayload,
  type Ledger,
  type LedgerConfig,
  loadLedger,
  type Notice,
  type Signer,
} from '@pulseledger/core'
import type { ExchangeInit } from './exchange/context.ts'
import type { LedgerRules } from './open-ledger.ts'
import {
  type BlockStore,
  type Clock,
  type Logger,
  type Miner,
  type MiningStatus,
  type NetworkStatus,
  type NodeCrypto,
  NodeFailure,
  type NodeService,
  type PeerView,
  type Random,
} from './ports.ts'
import { Runner } from './runner.ts'
import { LedgerService } from './service.ts'
import { WatchedMiner } from './watched-miner.ts'

export interface LedgerPartsInit {
  /** Open, with the genesis block in it. */
  readonly store: BlockStore
  readonly rules: LedgerRules
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly crypto: NodeCrypto
  readonly signer: Signer
  /** Where blocks take work; without it none are made here. */
  readonly miner?: Miner | undefined
  readonly checkEntries: ExchangeInit['checkEntries']
  readonly verify: NodeService['verify']
  /** Smaller bounds, for tests and simulations. */
  readonly limits?: LedgerConfig['limits']
  /** Told once, of the first failure. */
  readonly onFailure: (failure: NodeFailure) => void
}

/** What the network stands on, of what is given here and made here. */
export type NetworkedInit = Omit<
  ExchangeInit,
  'network' | 'pause' | 'expectsPeers' | 'syncLimits' | 'rules'
> & {
  readonly rules: LedgerRules
}

/** What tells other nodes. */
export interface Networked {
  publishBlock(block: Block): void
  publishEntries(items: readonly EntryWithPayload[]): void
  onNotices(notices: readonly Notice[]): void
  peers(): readonly PeerView[]
  status?(): NetworkStatus
  invite?(): string | undefined
}

export interface LedgerParts<N extends Networked> {
  readonly ledger: Ledger
  readonly runner: Runner
  readonly service: LedgerService
  readonly networked: N | undefined
}

/**
 * Nothing runs yet: start what `makeNetworked` made, then hand `started` to the runner. `makeNetworked` is
 * left out by a node without a network. A `NodeFailure` when the store is damaged.
 */
export function joinLedgerParts<N extends Networked>(
  init: LedgerPartsInit,
  makeNetworked?: (init: NetworkedInit) => N,
): LedgerParts<N> {
  const { store, rules, clock, random, logger, crypto, signer, checkEntries, verify, limits } = init
  const isMined = rules.engine.making === 'search'
  const miner: WatchedMiner | undefined =
    init.miner &&
    new WatchedMiner(init.miner, clock, () => service.tell({ kind: 'mining', mining: mining() }))
  const mining = (): MiningStatus => miner?.status() ?? NOT_MINING
  const ledger = loadOrThrow({
    ...{ ...rules, crypto, signer, reader: store, hasMiner: miner !== undefined },
    ...(limits && { limits }),
  })
  const runner: Runner = new Runner({
    ...{ ledger, store, clock, logger, miner },
    publishBlock: (block) => networked?.publishBlock(block),
    publishEntries: (items) => networked?.publishEntries(items),
    onNotices: (notices) => {
      service.onNotices(notices)
      networked?.onNotices(notices)
    },
    onFailure: (failure) => {
      service.onFailure(failure)
      init.onFailure(failure)
    },
  })
  const networked = makeNetworked?.({
    ...{ ledger, rules, store, clock, logger, crypto, checkEntries },
    dispatch: (event, onDone) => runner.dispatch(event, onDone),
    fail: (error) => runner.fail(error),
    tell: (event) => service.tell(event),
  })
  const service: LedgerService = new LedgerService({
    ...rules,
    ...{ ledger, store, clock, random, signer, checkEntries, verify },
    dispatch: (event) => runner.dispatch(event),
    ...(isMined && { mining }),
    ...(networked && {
      peers: () => networked.peers(),
      networkStatus: () => networked.status?.(),
      invite: () => networked.invite?.(),
    }),
  })
  return { ledger, runner, service, networked }
}

const NOT_MINING: MiningStatus = { threads: 0, hashesPerSecond: 0, search: undefined }

function loadOrThrow(config: Parameters<typeof loadLedger>[0]): Ledger {
  const loaded = loadLedger(config)
  if (loaded.ok) return loaded.value
  throw new NodeFailure(loaded.error.code, loaded.error.message)
}
