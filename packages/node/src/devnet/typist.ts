import { connect } from 'node:net'
import { NODE_LIMITS } from '../limits.ts'

/** What a terminal prints before a line is typed. */
const PROMPT = /^(?:Enter a new [^:]*:)+/

/**
 * Types a line into a terminal of a node, as `echo <line> | nc -N 127.0.0.1 <port>` does. Resolves with the
 * first line of its answer; undefined when the connection ended without one, as that of a killed node does.
 */
export async function typeLine(port: number, line: string): Promise<string | undefined> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setEncoding('utf8')
  let text = ''
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => undefined)
  socket.on('data', (piece: string) => {
    text += piece
    if (text.length > NODE_LIMITS.devnetAnswerBytesMax) socket.destroy()
  })
  socket.end(`${line}\n`)
  await closed
  return answerIn(text)
}

/** Apart from prompts, from what is told to all terminals, the chain as JSON, and from what is on its way. */
function answerIn(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.replace(PROMPT, '').trim())
  return lines.find((line) => line !== '' && !line.startsWith('[') && !line.startsWith('mining '))
}
