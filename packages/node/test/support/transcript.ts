/**
 * Conversations with a node as readable scripts: testdata/transcripts/*.txt.
 *
 *   # a comment
 *   < Enter a new BPM:|      what the client gets; `|` at the end: without a newline
 *   > 72                     what the client types, with a newline
 *   < #1 72 BPM stored in block 3f9a1c2e
 *   >> 72\r\x00              the same bytes exactly as written: \n \r \t \xNN \\
 *   b> 80                    a letter names a client, else it is `a`. A client connects when first named
 *   = #1  2026-11-22 ...     what the first terminal prints
 *   ! measure temperature    the port's measure; `! subject ward-2` its subject. Before everything else
 *   ! wait 30000             so many milliseconds pass
 *   ! end b                  the client ends its side
 *   ! closed b               the server must have closed the connection
 *   ! started b              the server has seen the beginning of a line
 *
 * What is got is compared byte for byte, and at the end nothing more may have come.
 */
export type Step =
  | { readonly kind: 'send'; readonly client: string; readonly bytes: Uint8Array }
  | { readonly kind: 'expect'; readonly client: string; readonly text: string }
  | { readonly kind: 'printed'; readonly text: string }
  | { readonly kind: 'end' | 'closed' | 'started'; readonly client: string }
  | { readonly kind: 'wait'; readonly ms: number }

export interface Transcript {
  readonly measure: string
  readonly subject?: string
  readonly steps: readonly Step[]
}

const LINE = /^(?<client>[a-z])?(?<mark>>>|>|<|=|!)(?: (?<text>.*))?$/

export function parseTranscript(source: string): Transcript {
  const steps: Step[] = []
  const port: { measure: string; subject?: string } = { measure: 'bpm' }
  for (const [index, line] of source.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue
    const { client = 'a', mark, text = '' } = LINE.exec(line)?.groups ?? {}
    if (mark === '!' && /^(?:measure|subject) /.test(text)) {
      const [name, value] = text.split(' ') as ['measure' | 'subject', string]
      port[name] = value
      continue
    }
    const step = parseStep(client, mark, text)
    if (step === undefined) throw new Error(`line ${index + 1} is no step: ${line}`)
    steps.push(step)
  }
  return { ...port, steps }
}

function parseStep(client: string, mark: string | undefined, text: string): Step | undefined {
  switch (mark) {
    case '>':
      return { kind: 'send', client, bytes: Buffer.from(`${text}\n`, 'utf8') }
    case '>>':
      return { kind: 'send', client, bytes: unescaped(text) }
    case '<':
      return { kind: 'expect', client, text: withNewline(text) }
    case '=':
      return { kind: 'printed', text: withNewline(text) }
    case '!':
      return parseHappening(text)
    default:
      return undefined
  }
}

function parseHappening(text: string): Step | undefined {
  const [name, argument = 'a'] = text.split(' ')
  switch (name) {
    case 'wait':
      return { kind: 'wait', ms: Number(argument) }
    case 'end':
    case 'closed':
    case 'started':
      return { kind: name, client: argument }
    default:
      return undefined
  }
}

function withNewline(text: string): string {
  return text.endsWith('|') ? text.slice(0, -1) : `${text}\n`
}

const ESCAPES: Record<string, number> = { '\\n': 0x0a, '\\r': 0x0d, '\\t': 0x09, '\\\\': 0x5c }

function unescaped(text: string): Uint8Array {
  const pieces = text.match(/\\x[0-9a-f]{2}|\\[nrt\\]|[^\\]+/g) ?? []
  return Buffer.concat(
    pieces.map((piece) => {
      const known = ESCAPES[piece]
      if (known !== undefined) return Buffer.of(known)
      return piece.startsWith('\\x') ? Buffer.from(piece.slice(2), 'hex') : Buffer.from(piece, 'utf8')
    }),
  )
}
