import { printable as escaped } from '@pulseledger/core'

/** Names, notes and messages on one line of a terminal: longer ones are cut. */
const TEXT_CHARACTERS_MAX = 256

/** What somebody else wrote, made safe for a terminal or a log, with room for a sentence. */
export function printable(text: string, charactersMax = TEXT_CHARACTERS_MAX): string {
  return escaped(text, charactersMax)
}

/** JSON on one line in printable ASCII: every reader of JSON gets the same value back. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\x7f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
