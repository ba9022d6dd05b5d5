// Prints a ledger on stdout. When stdin ends, adds blocks until stdout fails, and says so on stderr.
import { Printer } from '../../src/terminal/printer.ts'
import { FakeNode } from './fake-node.ts'
import { VirtualClock } from './virtual-clock.ts'

const clock = new VirtualClock()
const node = new FakeNode(clock)
const up = () => process.stderr.write('the node is still up\n')
const logger = { debug() {}, info() {}, error() {}, warn: up }
const printer = new Printer({
  service: node,
  clock,
  logger,
  output: process.stdout,
  json: false,
  colour: false,
})
printer.start([])
process.stdin.resume()
process.stdin.on('end', () => {
  const again = setInterval(() => {
    if (node.listenerCount === 0) clearInterval(again)
    node.add([{ measure: 'bpm', value: 72 }])
  }, 1)
})
