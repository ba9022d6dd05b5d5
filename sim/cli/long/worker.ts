/** A process that has one run after another, as it is told. */
import { everyWallMs } from '../wall-clock.ts'
import { ALIVE_MS, fulfil, type Order, type WorkerMessage } from './orders.ts'

const send = (message: WorkerMessage): void => void process.send?.(message)

process.on('message', (order: Order) => {
  void fulfil(order).then((result) => send({ kind: 'done', result }))
})
// An interrupt goes to all processes of a terminal; the parent decides what is done.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
everyWallMs(ALIVE_MS, () => send({ kind: 'alive' }))
