/**
 * Histograms as one SVG picture, two beside each other. It is written by hand: a library that draws would be
 * larger than the simulator. It has no script and loads nothing, and its colours follow the reader's theme.
 */

export interface Bar {
  /** Where it begins, in the unit of the panel. */
  readonly label: string
  /** Of all values, 0 <= share <= 1. */
  readonly share: number
}

export interface Panel {
  readonly title: string
  readonly note: string
  /** What the values are of. */
  readonly what: string
  readonly unit: string
  readonly bars: readonly Bar[]
}

export interface Picture {
  readonly title: string
  readonly subtitle: string
  readonly panels: readonly Panel[]
}

/** All in pixels. */
const PANEL = { width: 440, height: 290, left: 48, top: 56, right: 16, bottom: 56 }
const HEAD_HEIGHT = 64
const COLUMNS = 2
const GAP = 2

const STYLE = `
  svg { background: #ffffff; font: 11px system-ui, sans-serif }
  text { fill: #57606a }
  .title { font-size: 16px; font-weight: 600; fill: #1f2328 }
  .name { font-size: 13px; font-weight: 600; fill: #1f2328 }
  .bar { fill: #0969da }
  .line { stroke: #d0d7de; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117 }
    text { fill: #9198a1 }
    .title, .name { fill: #f0f6fc }
    .bar { fill: #4493f8 }
    .line { stroke: #30363d }
  }
`

export function histograms({ title, subtitle, panels }: Picture): string {
  const rows = Math.ceil(panels.length / COLUMNS)
  const [width, height] = [COLUMNS * PANEL.width, HEAD_HEIGHT + rows * PANEL.height]
  const drawn = panels.flatMap((panel, i) => {
    const [x, y] = [(i % COLUMNS) * PANEL.width, HEAD_HEIGHT + Math.floor(i / COLUMNS) * PANEL.height]
    return [`<g transform="translate(${x} ${y})">`, ...panelLines(panel), '</g>']
  })
  const label = `role="img" aria-label="${escaped(`${title}: ${subtitle}`)}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ${label}>`,
    `<style>${STYLE}</style>`,
    text({ x: PANEL.left, y: 28, kind: 'title' }, title),
    text({ x: PANEL.left, y: 48 }, subtitle),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

function panelLines({ title, note, what, unit, bars }: Panel): string[] {
  const { width, height, left, top, right, bottom } = PANEL
  const [plotWidth, plotHeight] = [width - left - right, height - top - bottom]
  const ceiling = ceilingOf(Math.max(0, ...bars.map(({ share }) => share)))
  const step = plotWidth / bars.length
  const foot = top + plotHeight
  const marks = [0, 0.5, 1].flatMap((part) => {
    const y = round(foot - part * plotHeight)
    return [
      `<line class="line" x1="${left}" y1="${y}" x2="${width - right}" y2="${y}"/>`,
      text({ x: left - 6, y: y + 4, anchor: 'end' }, `${round(part * ceiling * 100)} %`),
    ]
  })
  const drawn = bars.flatMap(({ label, share }, i) => {
    const x = left + i * step
    const high = share > 0 ? Math.max(1, (share / ceiling) * plotHeight) : 0
    const place = `x="${round(x + GAP / 2)}" y="${round(foot - high)}"`
    const tip = `<title>from ${escaped(label)} ${escaped(unit)}: ${round(share * 100)} %</title>`
    return [
      `<rect class="bar" ${place} width="${round(step - GAP)}" height="${round(high)}">${tip}</rect>`,
      text({ x: round(x), y: foot + 16, anchor: 'middle' }, label),
    ]
  })
  return [
    text({ x: left, y: 20, kind: 'name' }, title),
    text({ x: left, y: 38 }, note),
    ...marks,
    ...drawn,
    text({ x: width - right, y: foot + 16, anchor: 'end' }, '…'),
    text({ x: left + plotWidth / 2, y: foot + 36, anchor: 'middle' }, `${unit}, ${what}`),
  ]
}

interface Place {
  readonly x: number
  readonly y: number
  readonly anchor?: 'middle' | 'end'
  readonly kind?: 'title' | 'name'
}

function text({ x, y, anchor, kind }: Place, words: string): string {
  const extra = (anchor ? ` text-anchor="${anchor}"` : '') + (kind ? ` class="${kind}"` : '')
  return `<text x="${x}" y="${y}"${extra}>${escaped(words)}</text>`
}

/** The least share above, of those that read well. */
function ceilingOf(share: number): number {
  return [0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((ceiling) => share <= ceiling) ?? 1
}

function round(value: number): number {
  return Number(value.toFixed(1))
}

function escaped(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
