import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { type Launch, NodeProcess } from './node-process.ts'
import { TerminalClient } from './terminal-client.ts'

export interface RunningNode {
  readonly node: NodeProcess
  /** Of its first terminal port. */
  readonly port: number
  readonly ports: readonly number[]
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Everything that a test starts or makes, so that nothing of it is left behind when it fails: processes,
 * sockets, directories.
 */
export class World {
  #undo: (() => Promise<unknown> | unknown)[] = []

  /** Done after the test, the last one first. */
  later(undo: () => Promise<unknown> | unknown): void {
    this.#undo.push(undo)
  }

  directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'pulseledger-process-'))
    this.later(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  /** Starts a process and does not wait for anything. */
  launch(launch: Launch): NodeProcess {
    const node = new NodeProcess(launch)
    this.later(() => node.kill())
    return node
  }

  /** `pulseledger start` on a port that the system chooses, up and serving. `args` follow and win. */
  async start({ args, ...launch }: Partial<Launch> & Pick<Launch, 'directory'>): Promise<RunningNode> {
    const node = this.launch({ ...launch, args: ['start', '--addr', '0', ...(args ?? [])] })
    const ports = await node.ready()
    return { node, ports, port: ports[0] as number }
  }

  /** Runs a command to its end. */
  async run(directory: string, args: readonly string[], launch: Partial<Launch> = {}): Promise<Finished> {
    const node = this.launch({ ...launch, directory, args })
    const { code } = await node.ended(`the end of pulseledger ${args.join(' ')}`)
    return { code, stdout: node.stdout.text, stderr: node.stderr.text }
  }

  async connect(port: number, name?: string): Promise<TerminalClient> {
    const client = await TerminalClient.connect(port, name)
    this.later(() => client.destroy())
    return client
  }

  /** Also when one step of it fails, the others are done. */
  async cleanUp(): Promise<void> {
    const failures: unknown[] = []
    for (const undo of this.#undo.splice(0).reverse()) {
      try {
        await undo()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'cleaning up failed')
  }
}

/** To be called at the top of a test file. */
export function useWorld(): World {
  const world = new World()
  afterEach(() => world.cleanUp(), 60_000)
  return world
}
