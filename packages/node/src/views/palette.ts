/** What a piece of a line is, for whoever colours it. */
export interface Palette {
  readonly strong: Paint
  readonly value: Paint
  readonly hash: Paint
  readonly dim: Paint
  readonly warning: Paint
}

type Paint = (text: string) => string

const plain: Paint = (text) => text

/** For files, pipes and clients: text alone. */
export const PLAIN: Palette = { strong: plain, value: plain, hash: plain, dim: plain, warning: plain }

/** SGR of ECMA-48 in the eight basic colours, which every theme of a terminal keeps readable. */
export const COLOURED: Palette = {
  strong: sgr(1, 22),
  value: sgr(32, 39),
  hash: sgr(36, 39),
  dim: sgr(2, 22),
  warning: sgr(31, 39),
}

function sgr(on: number, off: number): Paint {
  return (text) => `\x1b[${on}m${text}\x1b[${off}m`
}
