import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Flow } from './count-sockets.ts'

/** Resident memory of a process. Linux only. */
export function rssMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** What a process has written to its sockets so far; it was started with count-sockets.ts. */
export async function bytesWritten(child: ChildProcess): Promise<Flow[]> {
  const answer = once(child, 'message')
  child.send('flows')
  return (await answer)[0] as Flow[]
}
