/**
 * What somebody else wrote, made fit for a message, a log or a terminal: printable ASCII stays, all else
 * becomes `\xNN` or `\u{N}`, a backslash is doubled, and after `charactersMax` characters of it comes `...`.
 */
export function printable(text: string, charactersMax = 40): string {
  let safe = ''
  let count = 0
  // Cut before walking: a megabyte typed by a stranger is not walked to print forty characters of it.
  for (const character of text.slice(0, 2 * charactersMax + 2)) {
    if (count === charactersMax) return `${safe}...`
    safe += escaped(character)
    count += 1
  }
  return safe
}

function escaped(character: string): string {
  const code = character.codePointAt(0) as number
  if (character === '\\') return '\\\\'
  if (code >= 0x20 && code < 0x7f) return character
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
