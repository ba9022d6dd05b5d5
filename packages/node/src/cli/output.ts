import type { Writable } from 'node:stream'

/** Characters that are gathered before they are written: a line each would cost a system call each. */
const CHUNK_LENGTH = 32_768

/** Thrown when nobody reads the output any more, as behind `| head`: the command is done, and well. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

/** Lines for stdout, no faster than they are read. */
export class Output {
  readonly #stream: Writable
  #waiting = ''
  #error: NodeJS.ErrnoException | undefined

  constructor(stream: Writable) {
    this.#stream = stream
  }

  /** Resolves when more may be written. */
  async line(text: string): Promise<void> {
    this.#waiting += `${text}\n`
    if (this.#waiting.length >= CHUNK_LENGTH) await this.flush()
  }

  /** Resolves when everything was taken. Throws `OutputClosed`. */
  async flush(): Promise<void> {
    const chunk = this.#waiting
    this.#waiting = ''
    if (chunk === '') return
    this.#stream.on('error', this.#onError)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#stream.write(chunk, (error) => (error ? reject(error) : resolve()))
      })
    } catch (error) {
      throw isClosed(error) ? new OutputClosed() : error
    } finally {
      // A stream reports one failure twice, to the callback and as an event, which may come a turn later.
      setImmediate(() => this.#stream.off('error', this.#onError))
    }
    if (this.#error) throw isClosed(this.#error) ? new OutputClosed() : this.#error
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.#error = error
  }
}

function isClosed(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ECONNRESET'
}
