/**
 * A simulated node over all its lives: a disk, a clock and a key stay when its process is killed, paused or
 * started again.
 */
import { type EntryWithPayload, type Result, type Signer, toHex, utf8 } from '@pulseledger/core'
import type {
  MemoryDisk,
  MemoryHub,
  NewReading,
  NodeCrypto,
  NodeFailure,
  PeerId,
  Receipt,
} from 'pulseledger/simulation'
import { Chance } from '../kernel/chance.ts'
import { Owner, type Scheduler, SimClock } from '../kernel/scheduler.ts'
import type { Genesis } from '../scenario/genesis.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { Life } from './life.ts'
import type { ObservedNode, Observer } from './observation.ts'
import { SimMiner } from './sim-miner.ts'
import { type DiskHealth, healthyDisk, SimStore } from './sim-store.ts'
import { tappedNetwork } from './tapped-network.ts'

export interface SimNodeInit {
  readonly name: string
  readonly index: number
  readonly scenario: Scenario
  readonly scheduler: Scheduler
  readonly hub: MemoryHub
  readonly crypto: NodeCrypto
  readonly genesis: Genesis
  readonly observe: Observer
}

/** How long a process takes from its failure to its end, ms. */
const DYING_MS = 50

export class SimNode implements ObservedNode {
  readonly name: string
  readonly health: DiskHealth = healthyDisk()
  /** Hashes a second, where blocks take work. */
  power: number
  /** What its clock shows beyond the time, ms. */
  skewMs = 0
  readonly #init: SimNodeInit
  #disk: MemoryDisk
  #signer: Signer
  #life: Life | undefined
  #isBooting = false
  #lifeCount = 0
  #keyCount = 0

  constructor(init: SimNodeInit) {
    this.#init = init
    this.name = init.name
    this.power = init.scenario.work.power[init.index] ?? 1
    this.#disk = init.genesis.disk.copy()
    this.#signer = this.#newKey()
  }

  get id(): PeerId {
    return toHex(this.#signer.publicKey)
  }

  /** Its name for the hub. */
  get self(): PeerId {
    return this.id
  }

  get publicKey(): Uint8Array {
    return this.#signer.publicKey
  }

  get disk(): MemoryDisk {
    return this.#disk
  }

  get lifeCount(): number {
    return this.#lifeCount
  }

  get life(): Life | undefined {
    return this.#life
  }

  get ledger() {
    return this.#life?.parts.ledger
  }

  get unansweredCount(): number {
    return this.#life?.parts.service.unansweredCount ?? 0
  }

  get isUp(): boolean {
    return this.#life !== undefined
  }

  /** Starts its process, unless one runs. What fails at once is observed as any other failure. */
  async boot(): Promise<void> {
    if (this.#life !== undefined || this.#isBooting) return
    const { name, scheduler, crypto, genesis, scenario, hub, observe } = this.#init
    this.#isBooting = true
    this.#lifeCount += 1
    const owner = new Owner(name)
    const clock = new SimClock(scheduler, owner, () => this.skewMs)
    const chance = Chance.of(scenario.seed, 'life', name, this.#lifeCount)
    const store = new SimStore({
      ...{ disk: this.#disk, health: this.health, clock, chance },
      onCommitted: (change) => observe({ kind: 'committed', node: this, change }),
      onFailed: (failure) => observe({ kind: 'io-failed', node: this, failure }),
    })
    observe({ kind: 'booted', node: this })
    try {
      this.#life = await Life.start({
        ...{ owner, clock, store, crypto, genesis, chance, limits: scenario.limits, checkMsMax: 2 },
        signer: this.#tappedSigner(),
        miner:
          scenario.engine === 'proof-of-work'
            ? new SimMiner({ clock, crypto, chance, power: () => this.power })
            : undefined,
        join: () => {
          const network = hub.join({ ledgerId: genesis.rules.ledgerId, publicKey: this.publicKey, clock })
          return { network, tapped: tappedNetwork(network, this, observe) }
        },
        onFailure: (failure) => this.#onFailure(failure, owner),
        onEvent: (event) => observe({ kind: 'event', node: this, event }),
        onBug: (error) => observe({ kind: 'bug', node: this, error }),
      })
    } catch (error) {
      owner.isDead = true
      store.crash(false)
      observe({ kind: 'failed', node: this, failure: error as NodeFailure })
      observe({ kind: 'down', node: this, isCrash: false })
    } finally {
      this.#isBooting = false
    }
  }

  /** Kills its process. `isWritten`: the commit under way reached the disk. */
  crash(isWritten: boolean): void {
    const life = this.#life
    if (life === undefined) return
    this.#life = undefined
    life.crash(isWritten)
    this.#init.observe({ kind: 'down', node: this, isCrash: true })
  }

  /** Ends its process in good order; what hangs is killed. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    let isOver = false
    const giveUp = () => {
      if (!isOver && this.#life === life) this.crash(false)
    }
    this.#init.scheduler.after(10_000, new Owner('operator'), giveUp)
    await life.stop()
    isOver = true
    if (this.#life !== life) return
    this.#life = undefined
    this.#init.observe({ kind: 'down', node: this, isCrash: false })
  }

  /** Its disk is lost, and with it the key. It must be down. */
  wipe(): void {
    const { genesis, observe } = this.#init
    const disk = this.#disk
    this.#disk = genesis.disk.copy()
    observe({ kind: 'wiped', node: this, disk })
    this.#signer = this.#newKey()
  }

  /** Nothing of its process runs until `resume`. */
  pause(): void {
    if (this.#life) this.#init.scheduler.pause(this.#life.owner)
  }

  resume(): void {
    if (this.#life) this.#init.scheduler.resume(this.#life.owner)
  }

  /** Types a reading into one of its terminals; what that is told is observed. */
  type(reading: NewReading): void {
    const life = this.#life
    if (life) this.#await(life, life.parts.service.submit(reading))
  }

  /** Submits what its author has signed; `onConfirmed` when it is told to be stored. */
  submit(item: EntryWithPayload, onConfirmed: () => void): void {
    const life = this.#life
    if (life === undefined) return
    const answered = life.parts.service.submitEntries([item]).then(([result]) => result as Result<Receipt>)
    this.#await(life, answered, onConfirmed)
  }

  #await(life: Life, answered: Promise<Result<Receipt>>, onConfirmed?: () => void): void {
    const since = this.#init.scheduler.now
    void answered.then((result) => {
      if (this.#life !== life) return
      const waitedMs = this.#init.scheduler.now - since
      this.#init.observe({ kind: 'answered', node: this, result, waitedMs })
      if (result.ok) onConfirmed?.()
    })
  }

  /** The process ends soon after it failed, as the command does. */
  #onFailure(failure: NodeFailure, owner: Owner): void {
    this.#init.observe({ kind: 'failed', node: this, failure })
    this.#init.scheduler.after(DYING_MS, owner, () => {
      if (this.#life?.owner === owner) this.crash(false)
    })
  }

  #newKey(): Signer {
    this.#keyCount += 1
    const { crypto, scenario, name } = this.#init
    return crypto.signer(crypto.sha256(utf8(`${scenario.seed}/${name}/${this.#keyCount}`)))
  }

  #tappedSigner(): Signer {
    const { publicKey, sign } = this.#signer
    return {
      publicKey,
      sign: (message) => {
        this.#init.observe({ kind: 'signed', node: this })
        return sign(message)
      },
    }
  }
}
