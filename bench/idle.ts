import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { withDirectory } from './support/bench-node.ts'
import { firstPort } from './support/child-node.ts'
import type { Suite } from './support/report.ts'

const CLIENT_COUNT = 5_000

/**
 * Resident memory of a node of its own process for each terminal that is connected and types nothing. Linux
 * only.
 */
export const idleSuite: Suite = async (report) => {
  await withDirectory(async (directory) => {
    const flags = ['--data-dir', directory, '--addr', '127.0.0.1:0', '--json']
    const child = spawn(process.execPath, ['packages/node/bin/pulseledger.js', 'start', ...flags])
    try {
      const port = await firstPort(child.stdout)
      const before = rssKib(child.pid as number)
      const sockets: Socket[] = []
      for (let i = 0; i < CLIENT_COUNT; i += 100) {
        sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => open(port)))))
      }
      const after = rssKib(child.pid as number)
      report.line('resident memory of a node without terminals', `${Math.round(before / 1024)} MiB`)
      report.line(`  with ${CLIENT_COUNT} idle terminals`, `${Math.round(after / 1024)} MiB`)
      report.line('  for each terminal', `${((after - before) / CLIENT_COUNT).toFixed(1)} KiB`)
      for (const socket of sockets) socket.destroy()
    } finally {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
    }
  })
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', reject)
    socket.once('data', () => resolve(socket))
  })
}

function rssKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
