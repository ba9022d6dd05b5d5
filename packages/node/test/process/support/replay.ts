import type { NodeProcess } from './node-process.ts'
import type { TerminalClient } from './terminal-client.ts'
import type { Transcript } from './transcript.ts'

/**
 * Replays testdata/transcripts/process/*.txt with real processes. The form is that of the other transcripts:
 *
 *   a> 72                                     client a types a line; a client connects when first named
 *   a< #1 72 BPM stored in block <short 1>    what it gets; `|` at the end: without a newline
 *   = #1      <date>  72 BPM  ...             what the first terminal prints
 *   ! restart                                 the node is stopped with SIGTERM and started again
 *
 * with names for what differs each time: <time>, <date>, <port>; <hash 1> is the same 64 digits wherever it
 * stands, and <short 1> the first 8 of them. Broadcasts that are not expected where they come are passed
 * over.
 */
export interface Stage {
  start(): Promise<{ node: NodeProcess; port: number }>
  connect(port: number, name: string): Promise<TerminalClient>
}

interface Piece {
  readonly mark: '<' | '>' | '=' | '!'
  readonly client: string
  readonly text: string
}

const LINE = /^(?<client>[a-z])?(?<mark>[<>=!])(?: (?<text>.*))?$/
const BROADCAST = /^\n\[.*\]\n(?:Enter a new BPM:)?/

const PATTERNS: Record<string, string> = {
  time: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z`,
  date: String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`,
  port: String.raw`\d+`,
}

export async function replay(source: string, stage: Stage): Promise<void> {
  const clients = new Map<string, TerminalClient>()
  const readers = new Map<Transcript, Reader>()
  const names = new Names()
  let { node, port } = await stage.start()

  const clientOf = async (name: string): Promise<TerminalClient> => {
    const client = clients.get(name) ?? (await stage.connect(port, `client ${name}`))
    clients.set(name, client)
    return client
  }
  const readerOf = (transcript: Transcript): Reader => {
    const reader = readers.get(transcript) ?? new Reader(transcript, names)
    readers.set(transcript, reader)
    return reader
  }
  for (const { mark, client, text } of pieces(source)) {
    if (mark === '=') await readerOf(node.stdout).expect(text)
    else if (mark === '<') await readerOf((await clientOf(client)).seen).expect(text)
    else if (mark === '>') (await clientOf(client)).type(text.trimEnd())
    else {
      node.signal('SIGTERM')
      await node.ended()
      ;({ node, port } = await stage.start())
    }
  }
}

/** What one client gets, or the first terminal prints, without a pause in between is one piece. */
function pieces(source: string): Piece[] {
  const found: Piece[] = []
  for (const [index, line] of source.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue
    const { client = 'a', mark, text = '' } = LINE.exec(line)?.groups ?? {}
    if (mark === undefined) throw new Error(`line ${index + 1} is no step: ${line}`)
    const whole = text.endsWith('|') ? text.slice(0, -1) : `${text}\n`
    const last = found.at(-1)
    if (last && last.mark === mark && last.client === client && (mark === '<' || mark === '=')) {
      found[found.length - 1] = { ...last, text: last.text + whole }
    } else {
      found.push({ mark: mark as Piece['mark'], client, text: whole })
    }
  }
  return found
}

/** How far a stream has been read. */
class Reader {
  readonly #transcript: Transcript
  readonly #names: Names
  #readTo = 0

  constructor(transcript: Transcript, names: Names) {
    this.#transcript = transcript
    this.#names = names
  }

  async expect(piece: string): Promise<void> {
    const pattern = this.#names.pattern(piece)
    const { match, end } = await this.#transcript.waitFor(JSON.stringify(piece), (text) => {
      let from = this.#readTo
      for (;;) {
        const rest = text.slice(from)
        const match = pattern.exec(rest)
        if (match !== null) return { match, end: from + match[0].length }
        const skipped = BROADCAST.exec(rest)
        if (skipped === null) return undefined
        from += skipped[0].length
      }
    })
    this.#readTo = end
    this.#names.bind(match.groups ?? {})
  }
}

/** What the hashes of a replay turned out to be. */
class Names {
  readonly #hashes = new Map<string, string>()
  readonly #shorts = new Map<string, string>()

  /** Matches a piece from the beginning of a text; hashes that are not known yet are groups. */
  pattern(piece: string): RegExp {
    const groups = new Set<string>()
    const parts = piece.split(/<(time|date|port|(?:hash|short) \d+)>/)
    const source = parts.map((part, index) => {
      if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      const [kind = '', number = ''] = part.split(' ')
      if (number === '') return PATTERNS[kind]
      const known = kind === 'hash' ? this.#hashes.get(number) : this.#short(number)
      if (known !== undefined) return known
      const group = `${kind}${number}`
      if (groups.has(group)) return `\\k<${group}>`
      groups.add(group)
      return `(?<${group}>[0-9a-f]{${kind === 'hash' ? 64 : 8}})`
    })
    return new RegExp(`^${source.join('')}`)
  }

  bind(groups: Readonly<Record<string, string>>): void {
    for (const [group, value] of Object.entries(groups)) {
      const number = group.replace(/^[a-z]+/, '')
      const short = this.#short(number)
      if (group.startsWith('short')) this.#shorts.set(number, value)
      else this.#hashes.set(number, value)
      if (short !== undefined && !value.startsWith(short))
        throw new Error(`${group} is ${value}, not ${short}...`)
    }
  }

  #short(number: string): string | undefined {
    return this.#hashes.get(number)?.slice(0, 8) ?? this.#shorts.get(number)
  }
}
