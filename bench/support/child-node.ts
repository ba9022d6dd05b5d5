import { createInterface } from 'node:readline'

/** The port in the first JSON line of a node's output that names one. */
export async function firstPort(stdout: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: stdout })) {
    const port = /"port":(\d+)/.exec(line)?.[1]
    if (port) return Number(port)
  }
  throw new Error('the node ended before it said where it listens')
}
