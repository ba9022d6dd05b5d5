/** ECMA-48 and the alternate screen of xterm, which every terminal of today has. */
export const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l\x1b[2J'
export const LEAVE_SCREEN = '\x1b[?25h\x1b[?1049l'

/**
 * What turns a screen that shows `before` into one that shows `after`: only lines that differ, so that
 * nothing flickers. Empty when there is none. `before` is undefined when it is not known what is on the
 * screen.
 */
export function redraw(before: readonly string[] | undefined, after: readonly string[]): string {
  const changed = after.map((line, index) => {
    return line === before?.[index] ? '' : `\x1b[${index + 1};1H${line}\x1b[K`
  })
  const rest = before && before.length > after.length ? `\x1b[${after.length + 1};1H\x1b[J` : ''
  return (before === undefined ? '\x1b[2J' : '') + changed.join('') + rest
}
