import { createInterface } from 'node:readline'

/** The first port of a node, from the JSON line that it prints once it listens. */
export async function firstPort(stdout: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: stdout })) {
    const port = /"addresses":\["[^"]*:(\d+)"/.exec(line)?.[1]
    if (port) return Number(port)
  }
  throw new Error('the node ended before it said where it listens')
}
