import type { Connection, Stream } from '@libp2p/interface'
import {
  decodeHelloAnswer,
  decodeHelloRequest,
  encodeHelloAnswer,
  encodeHelloRequest,
  equalBytes,
  type Hash,
  type HelloAnswer,
  LIMITS,
} from '@pulseledger/core'
import { NODE_LIMITS } from '../../limits.ts'
import { NodeFailure } from '../../ports.ts'
import type { Requests } from './requests.ts'

/** The one protocol that does not carry the ledger id: on it the ends learn whether they have the same. */
export const HELLO_PROTOCOL = '/pulseledger/hello/1'

interface HelloInit {
  readonly ledgerId: Hash
  /** The genesis document, for who asks which ledger this is. */
  readonly genesis: Uint8Array
  readonly requests: Requests
  /** Both ends are of one ledger. */
  readonly onSame: (connection: Connection) => void
  readonly onForeign: (connection: Connection, theirs: Hash) => void
}

/**
 * Whoever dialled says which ledger it has and is answered with that of the other end, so one round trip
 * tells both. Null asks for the ledger of the other end; then the answer brings the genesis document too.
 */
export class Hello {
  readonly #init: HelloInit

  constructor(init: HelloInit) {
    this.#init = init
  }

  /** Of the dialler. Errors: those of `Network.request`. */
  async greet(connection: Connection): Promise<void> {
    const { ledgerId, requests, onSame, onForeign } = this.#init
    const { ledger } = await askHello(requests, connection, ledgerId, NODE_LIMITS.peerDialTimeoutMs)
    if (equalBytes(ledger, ledgerId)) onSame(connection)
    else onForeign(connection, ledger)
  }

  /** Of the other end. Never rejects. */
  async serve(stream: Stream, connection: Connection): Promise<void> {
    const { ledgerId, genesis, requests, onSame, onForeign } = this.#init
    let theirs: Hash | null = null
    await requests.serve(
      stream,
      connection,
      async (message) => {
        const asked = decodeHelloRequest(message)
        if (!asked.ok) throw new NodeFailure(asked.error.code, asked.error.message)
        theirs = asked.value?.slice() ?? null
        return encodeHelloAnswer({ ledger: ledgerId, genesis: theirs === null ? genesis : null })
      },
      () => {
        if (theirs === null) return
        if (equalBytes(theirs, ledgerId)) onSame(connection)
        else onForeign(connection, theirs)
      },
    )
  }
}

/** Errors: those of `Network.request`. */
export async function askHello(
  requests: Requests,
  connection: Connection,
  ledger: Hash | null,
  timeoutMs: number,
): Promise<HelloAnswer> {
  const options = { timeoutMs, answerBytesMax: LIMITS.helloBytesMax }
  const answer = decodeHelloAnswer(
    await requests.ask(connection, HELLO_PROTOCOL, encodeHelloRequest(ledger), options),
  )
  if (answer.ok) return answer.value
  throw new NodeFailure('PEER_ANSWER_INVALID', `${connection.remotePeer}: ${answer.error.message}`)
}
