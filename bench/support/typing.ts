import { fork } from 'node:child_process'

export interface Typed {
  /** From typing a line until its terminal said that it was stored, ms, one a reading. */
  readonly latencies: readonly number[]
  readonly elapsedMs: number
  /** By the machine's monotonic clock, ms. */
  readonly beganAt: number
}

/** Terminals of one other process, each typing one number after another. */
export function type(count: number, port: number, durationMs: number): Promise<Typed> {
  const clients = new URL('./typing-clients.ts', import.meta.url)
  return new Promise((resolve, reject) => {
    const child = fork(clients, [port, count, durationMs].map(String))
    child.once('message', (typed) => resolve(typed as Typed))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the typing terminals ended with code ${code}`)))
  })
}
