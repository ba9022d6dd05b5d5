const ESCAPED = /[^\x20-\x5b\x5d-\x7e]/u

/**
 * What somebody else wrote, made fit for a message, a log or a terminal: printable ASCII stays, every other
 * character and the backslash become `\u{hex}`, so that no byte can move a cursor and no two texts look
 * alike. After `charactersMax` characters of the text comes `...`.
 */
export function printable(text: string, charactersMax = 40): string {
  if (text.length <= charactersMax && !ESCAPED.test(text)) return text
  let safe = ''
  let count = 0
  // Cut before walking: a megabyte typed by a stranger is not walked to print forty characters of it.
  for (const character of text.slice(0, 2 * charactersMax + 2)) {
    if (count === charactersMax) return `${safe}...`
    safe += ESCAPED.test(character) ? `\\u{${(character.codePointAt(0) as number).toString(16)}}` : character
    count += 1
  }
  return safe
}
