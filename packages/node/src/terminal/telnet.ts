/**
 * Telnet clients mix commands into what is typed: byte 255 (IAC) begins one. We negotiate nothing, so
 * well-formed commands are skipped and typing goes on; anything else after an IAC is a fault of the line it
 * stands in.
 *
 *   ff fb..fe <option>         WILL, WONT, DO, DONT: 3 bytes
 *   ff fa <option ...> ff f0   sub-negotiation, bounded; ff ff within it is one byte of it
 *   ff ec..ef, ff f1..f9       a command without an option, such as NOP: 2 bytes
 *   ff f4                      one of them: ^C was pressed
 *   ff ff                      the data byte 255 itself, which no UTF-8 text holds
 *
 * RFC 854, RFC 855; ec..ef are those of RFC 1184 and RFC 885.
 */
import { NODE_LIMITS } from '../limits.ts'

const IAC = 0xff
const INTERRUPT_PROCESS = 0xf4
const SUB_BEGIN = 0xfa
const SUB_END = 0xf0

/** The byte belongs to a command. */
export const SKIPPED = -1
/** The command is broken; the byte that broke it is to be read as data. */
export const MALFORMED = -2
/**
 * Somebody pressed ^C. The client shows nothing more until it is answered in telnet, so it is taken as
 * leaving.
 */
export const INTERRUPT = -3

type State = 'data' | 'command' | 'option' | 'sub' | 'sub-command'

export class TelnetFilter {
  #state: State = 'data'
  #subBytes = 0

  /** Whether a command has begun and not ended. */
  get within(): boolean {
    return this.#state !== 'data'
  }

  /** The data byte, or `SKIPPED`, `MALFORMED` or `INTERRUPT`. */
  take(byte: number): number {
    switch (this.#state) {
      case 'data':
        if (byte !== IAC) return byte
        return this.#to('command')
      case 'command':
        return this.#command(byte)
      case 'option':
        return this.#to('data')
      case 'sub':
        this.#subBytes += 1
        if (this.#subBytes > NODE_LIMITS.telnetSubnegotiationBytesMax) return this.#malformed()
        return this.#to(byte === IAC ? 'sub-command' : 'sub')
      case 'sub-command':
        if (byte === SUB_END) return this.#to('data')
        return byte === IAC ? this.#to('sub') : this.#malformed()
    }
  }

  #command(byte: number): number {
    if (byte === IAC) {
      this.#state = 'data'
      return IAC
    }
    if (byte === SUB_BEGIN) {
      this.#subBytes = 0
      return this.#to('sub')
    }
    if (byte === INTERRUPT_PROCESS) {
      this.#state = 'data'
      return INTERRUPT
    }
    if (byte > SUB_BEGIN) return this.#to('option')
    return byte >= 0xec && byte !== SUB_END ? this.#to('data') : this.#malformed()
  }

  #to(state: State): number {
    this.#state = state
    return SKIPPED
  }

  #malformed(): number {
    this.#state = 'data'
    return MALFORMED
  }
}
