import { connect, type Socket } from 'node:net'
import { NODE_LIMITS } from '../limits.ts'
import { type Clock, NodeFailure } from '../ports.ts'
import { type ControlAnswer, type ControlRequest, formatRequest, parseAnswer } from './protocol.ts'

const { controlAnswerTimeoutMs, controlLineBytesMax } = NODE_LIMITS

export type AskedAnswer = Exclude<ControlAnswer, { kind: 'accepted' | 'end' | 'error' }>

/**
 * The pieces of a running node's answer, read as they are taken: who is slow slows the node down, not its
 * memory. Leaving the loop closes the connection. `path` is that of the control socket.
 *
 * Throws the node's own failure, or CONTROL_UNANSWERED when nobody listens, nothing is answered in time, or
 * the answer breaks off.
 */
export async function* askNode(
  path: string,
  request: ControlRequest,
  clock: Clock,
): AsyncGenerator<AskedAnswer, void> {
  const socket = connect(path)
  let why: string | undefined
  const cancel = clock.after(controlAnswerTimeoutMs, () => {
    why = `it did not answer within ${controlAnswerTimeoutMs} ms`
    socket.destroy()
  })
  // Before anything is awaited: a refused connection must find a listener. The iteration below reports it.
  socket.on('error', (error) => {
    why ??= error.message
  })
  try {
    socket.write(`${formatRequest(request)}\n`)
    for await (const line of linesOf(socket)) {
      const answer = parseAnswer(line)
      if (answer === undefined) throw unanswered('it answered something that this version does not know')
      if (answer.kind === 'error') throw new NodeFailure(answer.error.code, answer.error.message)
      if (answer.kind === 'end') return
      if (answer.kind === 'accepted') cancel()
      else yield answer
    }
    throw unanswered(why ?? 'it stopped in the middle of its answer')
  } catch (error) {
    throw error instanceof NodeFailure ? error : unanswered(why ?? (error as Error).message)
  } finally {
    cancel()
    socket.destroy()
  }
}

function unanswered(why: string): NodeFailure {
  return new NodeFailure('CONTROL_UNANSWERED', `the node does not answer: ${why}`)
}

const NEWLINE = 0x0a

async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  let length = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      pieces.push(chunk.subarray(start, end))
      yield Buffer.concat(pieces).toString('utf8')
      pieces = []
      length = 0
      start = end + 1
    }
    pieces.push(chunk.subarray(start))
    length += chunk.length - start
    if (length > controlLineBytesMax) throw unanswered(`a line has more than ${controlLineBytesMax} bytes`)
  }
}
