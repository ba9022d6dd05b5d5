import { type Block, equalBytes, type Hash } from '@pulseledger/core'
import { NodeFailure, type NodeService, type VerifyProgress, type VerifyReport } from '../ports.ts'
import type { ControlAnswer, ControlRequest } from './protocol.ts'

/**
 * The answer to a request, one piece at a time: nothing is read before the piece before it was taken, so that
 * a listing of any length needs the memory of one block. Ends early when `signal` is aborted.
 */
export async function* answersTo(
  request: ControlRequest,
  service: NodeService,
  signal: AbortSignal,
): AsyncGenerator<ControlAnswer> {
  yield { kind: 'accepted' }
  switch (request.command) {
    case 'status':
      yield { kind: 'status', status: service.status() }
      break
    case 'blocks':
      for (const block of service.blocks(request.from, request.to)) yield { kind: 'block', parts: block }
      break
    case 'block': {
      const block = service.blockByHash(request.hash)
      if (block) yield { kind: 'block', parts: block }
      break
    }
    case 'follow':
      yield* follow(service, request.from, signal)
      break
    case 'verify':
      yield* verify(service, signal)
      break
    case 'peers':
      yield { kind: 'peers', peers: service.peers() }
      break
    case 'invite':
      yield { kind: 'invite', invite: service.invite() ?? null }
      break
    case 'entry':
      yield { kind: 'entry', state: service.entryState(request.hash) }
      break
  }
  yield { kind: 'end' }
}

/**
 * The chain from a height on, for ever. Only a cursor is kept, no queue of events: however slow the reader,
 * what it has not read is in the store. When blocks that it was sent leave the chain, the cursor goes back
 * below them.
 */
async function* follow(
  service: NodeService,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<ControlAnswer, void> {
  const bell = new Bell()
  let next = from
  let parent: Hash | undefined
  let rewoundTo: number | undefined
  const unsubscribe = service.subscribe((event) => {
    if (event.kind === 'block-disconnected' && event.block.header.height < next) {
      next = event.block.header.height
      rewoundTo = next
    }
    bell.ring()
  })
  const onAbort = () => bell.ring()
  signal.addEventListener('abort', onAbort)
  try {
    while (!signal.aborted) {
      if (rewoundTo !== undefined) {
        const height = rewoundTo
        rewoundTo = undefined
        parent = undefined
        yield { kind: 'rewound', height }
        continue
      }
      const block = first(service.blocks(next, next))
      // A block of another branch is read before its events are told: they come now and move the cursor.
      if (block && isNextOf(parent, block)) {
        next += 1
        parent = block.hash
        yield { kind: 'block', parts: block }
      } else {
        await bell.rung()
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    unsubscribe()
  }
}

/** Progress is a state, not a list: what was not taken in time is replaced by what is newer. */
async function* verify(service: NodeService, signal: AbortSignal): AsyncGenerator<ControlAnswer, void> {
  const bell = new Bell()
  let latest: VerifyProgress | undefined
  let report: VerifyReport | undefined
  let failure: unknown
  const running = service
    .verify({
      signal,
      onProgress: (progress) => {
        latest = progress
        bell.ring()
      },
    })
    .then(
      (made) => {
        report = made
      },
      (error: unknown) => {
        failure = error ?? new NodeFailure('INTERNAL', 'verifying failed without a reason')
      },
    )
    .finally(() => bell.ring())
  while (report === undefined && failure === undefined && !signal.aborted) {
    if (latest === undefined) {
      await bell.rung()
      continue
    }
    const progress = latest
    latest = undefined
    yield { kind: 'progress', progress }
  }
  await running
  if (failure !== undefined && !signal.aborted) throw failure
  if (report !== undefined) yield { kind: 'report', report }
}

/** Wakes the one who waits; a ring that nobody waited for wakes the next one at once. */
class Bell {
  #isRung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  async rung(): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#isRung = false
    this.#wake = undefined
  }
}

function isNextOf(parent: Hash | undefined, { header }: Block): boolean {
  return parent === undefined || (header.parent !== null && equalBytes(header.parent, parent))
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item
  return undefined
}
