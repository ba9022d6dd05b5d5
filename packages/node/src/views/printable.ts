const ESCAPED = /[^\x20-\x5b\x5d-\x7e]/u

/**
 * What somebody else wrote, made safe for a terminal or a log: printable ASCII stays, every other character
 * and the backslash become `\u{hex}`, so that no byte can move a cursor and no two texts look alike.
 *
 * At most `charactersMax` characters of `text` are looked at; what is left out shows as `...`.
 */
export function printable(text: string, charactersMax = 256): string {
  if (text.length <= charactersMax && !ESCAPED.test(text)) return text
  let safe = ''
  let count = 0
  for (const character of text) {
    if (count === charactersMax) return `${safe}...`
    safe += ESCAPED.test(character) ? `\\u{${(character.codePointAt(0) as number).toString(16)}}` : character
    count += 1
  }
  return safe
}

/** JSON on one line in printable ASCII: every reader of JSON gets the same value back. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\x7f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
