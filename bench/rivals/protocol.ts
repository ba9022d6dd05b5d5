/**
 * What the bench asks of one process of a rival, over its standard input and output: one JSON object a line,
 * one answer an order.
 *
 *     > {"id":3,"order":{"kind":"append","count":1000,"together":100}}
 *     < {"id":3,"answer":{"at":5512034.118}}
 *
 * All times are milliseconds of the machine's monotonic clock, which the processes of one machine share.
 */

/** The reading that every system of the bench stores. `time`: milliseconds since 1970. */
export interface Reading {
  readonly measure: 'bpm'
  readonly value: number
  readonly time: number
}

export type Order =
  /** Appends readings, `together` of them a call, many calls in flight. Answers with when it began. */
  | { readonly kind: 'append'; readonly count: number; readonly together: number }
  /** Appends one reading every `intervalMs`. Answers with the time of each append. */
  | { readonly kind: 'trickle'; readonly count: number; readonly intervalMs: number }
  /** Answers when `count` readings are here, with the time when they were. */
  | { readonly kind: 'wait'; readonly count: number }
  /** When each reading from index `from` on was first seen here. */
  | { readonly kind: 'times'; readonly from: number }
  /** Reads everything back from the store. */
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' }

export interface Answers {
  readonly append: { readonly at: number }
  readonly trickle: { readonly times: readonly number[] }
  readonly wait: { readonly at: number }
  readonly times: { readonly times: readonly number[] }
  readonly count: { readonly count: number }
  readonly stop: Record<never, never>
}

/** The first line of a process, once it is connected to the others. */
export interface Ready {
  readonly port: number
  /** Names the log for those that come after; the first process makes it. */
  readonly database: string
}

export interface RivalInit {
  readonly directory: string
  /** Null: make a new one. */
  readonly database: string | null
  /** Ports of 127.0.0.1 to connect to. */
  readonly peers: readonly number[]
  /** The first `count` readings of the log are here, checked and readable. */
  readonly seen: (count: number) => void
}

/** One replica of a rival. Process 0 is the only one that appends. */
export interface Rival extends Ready {
  /** One call of the rival's own append; it resolves when the rival says that it is done. */
  append(readings: readonly Reading[]): Promise<void>
  count(): Promise<number>
  stop(): Promise<void>
}

export type StartRival = (init: RivalInit) => Promise<Rival>
