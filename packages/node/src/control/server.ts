import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { type Failure, fail, ok, type Result } from '@pulseledger/core'
import { NODE_LIMITS } from '../limits.ts'
import { type Clock, type Logger, NodeFailure, type NodeService, type Random } from '../ports.ts'
import { type ControlAddress, closeToOthers, controlAddress } from './address.ts'
import { answersTo } from './answers.ts'
import { type ControlAnswer, formatAnswer, parseRequest } from './protocol.ts'

export interface ControlServerInit {
  readonly service: NodeService
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Its lock must be held. */
  readonly directory: string
}

const { controlRequestBytesMax, controlRequestTimeoutMs, controlConnectionsMax, controlBlocksPerTurn } =
  NODE_LIMITS
const NEWLINE = 0x0a

/** Answers commands that look at the ledger while this process holds it: see protocol.ts. */
export class ControlServer {
  readonly #init: ControlServerInit
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #address: ControlAddress | undefined

  constructor(init: ControlServerInit) {
    this.#init = init
  }

  /** Resolves with the path to connect to. Rejects with STORE_PERMISSION when it cannot be made. */
  async start(): Promise<string> {
    const { directory, random, logger } = this.#init
    try {
      this.#address = controlAddress(directory, random)
      const { path } = this.#address
      this.#server = createServer({ highWaterMark: NODE_LIMITS.controlQueueBytesHigh }, (socket) => {
        this.#accept(socket)
      })
      await listen(this.#server, path)
      this.#server.on('error', (error) => logger.warn({ err: error }, 'the control socket failed'))
      closeToOthers(path)
      logger.debug({ path }, 'control socket is open')
      return path
    } catch (error) {
      await this.stop()
      const message = `the control socket could not be made: ${reason(error)}`
      throw new NodeFailure('STORE_PERMISSION', message, { cause: error })
    }
  }

  /** Idempotent. What is being answered is cut off. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    const closed = server?.listening ? new Promise((resolve) => server.close(resolve)) : undefined
    for (const socket of this.#sockets) socket.destroy()
    await closed
    this.#address?.release()
    this.#address = undefined
  }

  #accept(socket: Socket): void {
    // A client that goes away is its own affair; what it asked for ends with 'close'.
    socket.on('error', () => {})
    const isFull = this.#sockets.size >= controlConnectionsMax
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (!isFull) {
      void this.#serve(socket)
      return
    }
    const message = `the node serves ${controlConnectionsMax} control connections already`
    socket.write(lineOf({ kind: 'error', error: { code: 'CONTROL_BUSY', message } }))
    socket.destroySoon()
  }

  async #serve(socket: Socket): Promise<void> {
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    const line = await readRequestLine(socket, this.#init.clock)
    if (line === undefined) return
    const request = line.ok ? parseRequest(line.value) : line
    const answers = request.ok
      ? answersTo(request.value, this.#init.service, gone.signal)
      : [{ kind: 'error', error: request.error } as const]
    try {
      await writeAll(socket, answers)
    } catch (error) {
      socket.write(lineOf({ kind: 'error', error: this.#failureOf(error) }))
    }
    socket.destroySoon()
  }

  #failureOf(error: unknown): Failure {
    if (error instanceof NodeFailure) return { code: error.code, message: error.message }
    this.#init.logger.error({ err: error }, 'a control request failed')
    return { code: 'INTERNAL', message: `answering failed: ${reason(error)}` }
  }
}

/** Waits for the reader when it is slow, and lets others have their turn when it is not. */
async function writeAll(
  socket: Socket,
  answers: AsyncIterable<ControlAnswer> | Iterable<ControlAnswer>,
): Promise<void> {
  let count = 0
  for await (const answer of answers) {
    if (socket.destroyed) return
    if (!socket.write(lineOf(answer))) await drained(socket)
    count += 1
    if (count % controlBlocksPerTurn === 0) await setImmediate()
  }
}

function lineOf(answer: ControlAnswer): string {
  return `${formatAnswer(answer)}\n`
}

/** Undefined when the client goes away. Errors: CONTROL_REQUEST_INVALID. */
function readRequestLine(socket: Socket, clock: Clock): Promise<Result<string> | undefined> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const finish = (line: Result<string> | undefined): void => {
      cancel()
      socket.off('data', onData).off('close', onClose)
      // What may still come is read and thrown away, so that the end of the connection is seen.
      socket.resume()
      resolve(line)
    }
    const refuse = (why: string): void =>
      finish(fail('CONTROL_REQUEST_INVALID', `the request is refused: ${why}`))
    const onClose = (): void => finish(undefined)
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      const end = received.indexOf(NEWLINE)
      if ((end === -1 ? received.length : end) > controlRequestBytesMax) {
        refuse(`it has more than ${controlRequestBytesMax} bytes`)
      } else if (end !== -1 && end !== received.length - 1) {
        refuse('something follows its line')
      } else if (end !== -1) {
        finish(ok(received.toString('utf8', 0, end)))
      }
    }
    const cancel = clock.after(controlRequestTimeoutMs, () => {
      refuse(`it was not complete within ${controlRequestTimeoutMs} ms`)
    })
    socket.on('data', onData).on('close', onClose)
  })
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
