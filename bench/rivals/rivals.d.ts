/**
 * The little of the rivals that is used here. It stands in for their own declarations, which are absent
 * (corestore, autobase) or not there before the rivals are installed.
 */

declare module '@helia/block-brokers' {
  export function bitswap(): unknown
}

declare module '@helia/utils' {
  export class Helia {
    constructor(init: {
      libp2p: unknown
      blockstore: unknown
      datastore: unknown
      blockBrokers: readonly unknown[]
      routers: readonly unknown[]
    })
    start(): Promise<void>
    stop(): Promise<void>
  }
}

declare module '@orbitdb/core' {
  interface Entry {
    readonly clock: { readonly time: number }
  }
  interface EventsDatabase {
    readonly address: string
    readonly events: {
      on(event: 'update', listener: (entry: Entry) => void): void
      on(event: 'error', listener: (error: unknown) => void): void
    }
    add(value: unknown): Promise<string>
    all(): Promise<readonly unknown[]>
  }
  export function createOrbitDB(init: { ipfs: unknown; directory: string }): Promise<{
    open(nameOrAddress: string, options: { type: 'events' }): Promise<EventsDatabase>
    stop(): Promise<void>
  }>
}

declare module 'blockstore-level' {
  export class LevelBlockstore {
    constructor(path: string)
  }
}

declare module 'datastore-core' {
  export class MemoryDatastore {}
}

declare module 'corestore' {
  export interface Hypercore {
    readonly key: Buffer
    readonly length: number
    /** All blocks below this index are here. */
    readonly contiguousLength: number
    ready(): Promise<void>
    append(values: unknown): Promise<unknown>
    get(index: number): Promise<unknown>
    download(range: { start: number; end: number }): unknown
    on(event: 'download', listener: () => void): void
    createReadStream(): AsyncIterable<unknown>
  }
  type Choice = { name: string } | { key: Buffer }
  export default class Corestore {
    constructor(directory: string)
    get(options: Choice & { valueEncoding: 'json' }): Hypercore
    replicate(isInitiator: boolean): NodeJS.ReadWriteStream
    close(): Promise<void>
  }
}

declare module 'autobase' {
  import type Corestore from 'corestore'
  import type { Hypercore } from 'corestore'

  export default class Autobase {
    constructor(
      store: Corestore,
      bootstrap: Buffer | null,
      handlers: {
        valueEncoding: 'json'
        fastForward: boolean
        open(views: { get(options: { name: string; valueEncoding: 'json' }): Hypercore }): Hypercore
        apply(nodes: readonly { readonly value: unknown }[], view: Hypercore): Promise<void>
      },
    )
    readonly key: Buffer
    readonly view: Hypercore
    ready(): Promise<void>
    append(values: unknown): Promise<void>
    on(event: 'update', listener: () => void): void
    replicate(isInitiator: boolean): NodeJS.ReadWriteStream
    close(): Promise<void>
  }
}
