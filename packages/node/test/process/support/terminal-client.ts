import { connect, type Socket } from 'node:net'
import { DEADLINE_MS, Transcript, within } from './transcript.ts'

/** What `nc 127.0.0.1 <port>` is to a node: a socket and someone who types and reads. */
export class TerminalClient {
  readonly seen: Transcript
  readonly closed: Promise<void>
  readonly #socket: Socket
  /** How much of what was seen an earlier `waitFor` has taken. */
  #taken = 0

  private constructor(socket: Socket, name: string) {
    this.#socket = socket
    this.seen = new Transcript(name)
    socket.setEncoding('utf8')
    socket.setNoDelay(true)
    socket.on('data', (piece: string) => this.seen.append(piece))
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.seen.end('the connection was closed')
        resolve()
      })
    })
  }

  static async connect(port: number, name = 'the client'): Promise<TerminalClient> {
    const socket = connect({ port, host: '127.0.0.1' })
    const client = new TerminalClient(socket, name)
    await within(
      `connecting to port ${port}`,
      new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject)),
    )
    return client
  }

  /** A line and its end. */
  type(line: string): void {
    this.#socket.write(`${line}\n`)
  }

  /** Types `status` again and again until its answer says what is `wanted`. */
  async statusUntil(wanted: RegExp): Promise<void> {
    const endAt = performance.now() + DEADLINE_MS
    for (let answer = ''; !wanted.test(answer); ) {
      if (performance.now() > endAt)
        throw new Error(`waited for a status of ${wanted}, but it says ${answer}`)
      this.type('status')
      answer = await this.waitFor(/^terminals +\d+$/m)
    }
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Resolves with the text up to the end of the first match behind what was waited for before. */
  waitFor(wanted: string | RegExp): Promise<string> {
    return this.seen.waitFor(String(wanted), (text) => {
      const rest = text.slice(this.#taken)
      const end = endOfMatch(rest, wanted)
      if (end === undefined) return undefined
      this.#taken += end
      return rest.slice(0, end)
    })
  }

  /** What came before the next prompt. */
  async readUntilPrompt(prompt = 'Enter a new BPM:'): Promise<string> {
    const text = await this.waitFor(prompt)
    return text.slice(0, -prompt.length)
  }

  /** Types a line and resolves with what it was answered. Broadcasts must be off. */
  async ask(line: string, prompt?: string): Promise<string> {
    this.type(line)
    return this.readUntilPrompt(prompt)
  }

  /** ^C: the system closes the connection in good order. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** A machine that was switched off and on again: what is on its way is lost. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  get isClosed(): boolean {
    return this.#socket.closed
  }
}

function endOfMatch(text: string, wanted: string | RegExp): number | undefined {
  if (typeof wanted === 'string') {
    const at = text.indexOf(wanted)
    return at === -1 ? undefined : at + wanted.length
  }
  const match = wanted.exec(text)
  return match === null ? undefined : match.index + match[0].length
}
