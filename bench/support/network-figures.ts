/** What is measured alike of a group of our nodes and of a group of a rival's processes. */
export interface Group {
  warmUp(count: number): Promise<void>
  /** The next reading once every other process has the last one. */
  oneAtATime(count: number): Promise<Latencies>
  atRate(count: number, intervalMs: number): Promise<Latencies>
  rssMib(): readonly number[]
  stop(): Promise<void>
}

/** From a reading's entry at the first process to its appearance at another, ms, at each of the others. */
export type Latencies = readonly number[]

export interface Throughput {
  readonly count: number
  /** Readings a second, until every process had all of them. */
  readonly perSecond: number
  /** Bytes that all processes together wrote to one another, for each reading. */
  readonly bytesEach: number
}
