import { type Block, type GenesisDocument, genesisOf, type Hash, parseBlock } from '@pulseledger/core'
import { type AskedAnswer, askNode } from '../control/client.ts'
import type { ControlRequest } from '../control/protocol.ts'
import {
  type Clock,
  type EntryState,
  type NodeCrypto,
  NodeFailure,
  type PeerView,
  type VerifyOptions,
  type VerifyReport,
} from '../ports.ts'
import type { Holder } from '../store/level/data-directory.ts'
import type { AccessStatus, Followed, LedgerAccess } from './ledger-access.ts'

export interface LiveAccessInit {
  readonly holder: Holder & { readonly control: string }
  readonly crypto: NodeCrypto
  readonly clock: Clock
}

/** The ledger of a running node, through its control socket. */
export class LiveAccess implements LedgerAccess {
  readonly #init: LiveAccessInit
  #document: GenesisDocument | undefined

  constructor(init: LiveAccessInit) {
    this.#init = init
  }

  async document(): Promise<GenesisDocument> {
    if (this.#document) return this.#document
    for await (const block of this.blocks(0, 0)) {
      const document = genesisOf(block, this.#init.crypto)
      if (!document.ok) throw new NodeFailure(document.error.code, document.error.message)
      this.#document = document.value
      return document.value
    }
    throw new NodeFailure('STORE_DAMAGED', 'the genesis block is missing')
  }

  async status(): Promise<AccessStatus> {
    const { status } = await this.#last({ command: 'status' }, 'status')
    const { startedAt, ...rest } = status
    const { pid, addresses = [] } = this.#init.holder
    return { ...rest, running: { pid, startedAt, addresses } }
  }

  async *blocks(from: number, to: number): AsyncGenerator<Block, void> {
    for await (const answer of this.#ask({ command: 'blocks', from, to })) {
      if (answer.kind === 'block') yield this.#parse(answer)
    }
  }

  async block(hash: Hash): Promise<Block | undefined> {
    for await (const answer of this.#ask({ command: 'block', hash })) {
      if (answer.kind === 'block') return this.#parse(answer)
    }
    return undefined
  }

  async entryState(hash: Hash): Promise<EntryState> {
    return (await this.#last({ command: 'entry', hash }, 'entry')).state
  }

  async peers(): Promise<readonly PeerView[]> {
    return (await this.#last({ command: 'peers' }, 'peers')).peers
  }

  /** Throws NETWORK_OFF. */
  async invite(): Promise<string> {
    const { invite } = await this.#last({ command: 'invite' }, 'invite')
    if (invite !== null) return invite
    throw new NodeFailure('NETWORK_OFF', 'the node was started without a network, so nobody can join it')
  }

  async *follow(from: number): AsyncGenerator<Followed, void> {
    let isAnswered = false
    try {
      for await (const answer of this.#ask({ command: 'follow', from })) {
        isAnswered = true
        if (answer.kind === 'block') yield { kind: 'block', block: this.#parse(answer) }
        if (answer.kind === 'rewound') yield answer
      }
    } catch (error) {
      if (!isAnswered || !(error instanceof NodeFailure) || error.code !== 'CONTROL_UNANSWERED') throw error
      throw new NodeFailure('NODE_NOT_RUNNING', 'the node has stopped', { cause: error })
    }
  }

  async verify({ onProgress }: VerifyOptions): Promise<VerifyReport> {
    const { report } = await this.#last({ command: 'verify' }, 'report', (answer) => {
      if (answer.kind === 'progress') onProgress?.(answer.progress)
    })
    return report
  }

  async close(): Promise<void> {}

  #ask(request: ControlRequest): AsyncGenerator<AskedAnswer, void> {
    return askNode(this.#init.holder.control, request, this.#init.clock)
  }

  async #last<K extends AskedAnswer['kind']>(
    request: ControlRequest,
    kind: K,
    onOther: (answer: AskedAnswer) => void = () => {},
  ): Promise<Extract<AskedAnswer, { kind: K }>> {
    for await (const answer of this.#ask(request)) {
      if (answer.kind === kind) return answer as Extract<AskedAnswer, { kind: K }>
      onOther(answer)
    }
    throw new NodeFailure('CONTROL_UNANSWERED', `the node answers ${request.command} without a ${kind}`)
  }

  /** Decoded and hashed here: what is shown is what its hash says, whatever the node is. */
  #parse({ parts }: Extract<AskedAnswer, { kind: 'block' }>): Block {
    const block = parseBlock(parts, this.#init.crypto)
    if (block.ok) return block.value
    throw new NodeFailure(block.error.code, `the node gave a block that is none: ${block.error.message}`)
  }
}
