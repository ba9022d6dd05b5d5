/**
 * The devnet on one screen of a terminal:
 *
 *   pulseledger devnet  4 nodes  2 heads  network 1,2 | 3,4            ledger 383afa08
 *   node  state            head           peers  pending  terminal
 *    1    up               #7  9b21c3d4   1      0        nc 127.0.0.1 41001
 *  > 2    up               ...
 *   #7   9b21c3d4 72 by 1  [1 2]     aa31ee01 80 by 3  [3 4]
 *   #6   1c2d66f0 71 by 2            '-- from 1c2d66f0
 *
 * Pure: a model becomes exactly as many lines as the screen has rows. Nodes and blocks of one branch have
 * one colour, so a fork is seen before it is read. Texts are cut before they are coloured, so that no line
 * is ever wider than the screen.
 */
import type { Branch, TreeBlock } from './block-tree.ts'
import { type InputState, KEY_HELP } from './keys.ts'
import { type DevnetModel, type NodeView, shortText } from './model.ts'

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

/** A piece of a line with its colour: the number of a branch, or what it is. */
interface Span {
  readonly text: string
  readonly paint?: number | 'dim' | 'strong' | 'warning' | undefined
}

type Line = readonly Span[]

/** SGR foregrounds of ECMA-48 for branches: green, yellow, magenta, cyan, blue, red; then again. */
const BRANCH_COLOURS = [32, 33, 35, 36, 34, 31]
const HEIGHT_COLUMNS = 7
const LANE_COLUMNS_MIN = 24
const LANE_COLUMNS_MAX = 40

export function screenLines(
  model: DevnetModel,
  input: InputState,
  { columns, rows }: ScreenSize,
  colour: boolean,
): string[] {
  const heads = model.nodes.flatMap(({ head, state }) => (head && state.kind === 'up' ? [head.hash] : []))
  const branches = model.tree.branches(heads)
  const nodeRows = Math.min(model.nodes.length, Math.max(2, Math.floor((rows - 6) / 2)))
  const rest = Math.max(0, rows - nodeRows - 6)
  const treeRows = Math.ceil(rest / 2)
  const lines: Line[] = [
    titleLine(model, new Set(heads).size),
    [{ text: ` ${nodeColumns('node', 'state', 'head', 'peers', 'pending', 'terminal')}`, paint: 'dim' }],
    ...shownNodes(model, input, nodeRows).map((view) => nodeLine(view, model, input, branches)),
    ...padded(treeLines(model, branches, { columns, rows: treeRows }), treeRows + 1),
    [{ text: rule('what happened', columns), paint: 'dim' }],
    ...padded(
      rest - treeRows === 0 ? [] : model.log.slice(treeRows - rest).map((text) => [{ text: ` ${text}` }]),
      rest - treeRows,
    ),
    [{ text: ` ${KEY_HELP}`, paint: 'dim' }],
    inputLine(input),
  ]
  return lines.slice(0, rows).map((line) => drawn(line, columns, colour))
}

function titleLine(model: DevnetModel, headCount: number): Line {
  const { nodes, partition, ledgerId } = model
  return [
    { text: ' pulseledger devnet', paint: 'strong' },
    { text: `  ${nodes.length} nodes  ` },
    { text: headCount === 1 ? '1 head' : `${headCount} heads`, paint: headCount > 1 ? 'warning' : 'dim' },
    { text: '  network ' },
    { text: String(partition), paint: partition.isWhole ? 'dim' : 'warning' },
    { text: ledgerId === undefined ? '' : `  ledger ${shortText(ledgerId)}`, paint: 'dim' },
  ]
}

/** Those around the selected one, when not all fit. */
function shownNodes({ nodes }: DevnetModel, { selected }: InputState, rows: number): readonly NodeView[] {
  const first = Math.min(Math.max(0, selected - 1 - Math.floor(rows / 2)), nodes.length - rows)
  return nodes.slice(first, first + rows)
}

function nodeColumns(
  node: string,
  state: string,
  head: string,
  peers: string,
  pending: string,
  terminal: string,
): string {
  const texts = [node.padEnd(4), state.padEnd(22), head.padEnd(16), peers.padEnd(5), pending.padEnd(7)]
  return [...texts, terminal].join(' ').trimEnd()
}

function nodeLine(
  { node, state, head, peerCount, pendingCount, catchingUp }: NodeView,
  model: DevnetModel,
  { selected }: InputState,
  branches: readonly Branch[],
): Line {
  const isUp = state.kind === 'up'
  const branch = branches.findIndex(({ blocks }) => blocks.some(({ hash }) => hash === head?.hash))
  const text = nodeColumns(
    `${node}`,
    stateText(state, catchingUp, model, node),
    head ? `${`#${head.height}`.padEnd(7)} ${shortText(head.hash)}` : '',
    peerCount === undefined ? '-' : String(peerCount),
    pendingCount === undefined ? '-' : String(pendingCount),
    isUp && state.terminalPort !== undefined ? `nc 127.0.0.1 ${state.terminalPort}` : '',
  )
  return [
    { text: selected === node ? '>' : ' ', paint: 'strong' },
    { text, paint: isUp ? (branch === -1 ? undefined : branch) : 'dim' },
  ]
}

function stateText(
  state: NodeView['state'],
  catchingUp: NodeView['catchingUp'],
  { partition }: DevnetModel,
  node: number,
): string {
  if (state.kind === 'down') return state.how
  if (state.kind === 'starting') return 'starting'
  if (catchingUp) return `catching up ${catchingUp.height} of ${catchingUp.target}`
  const group = partition.groups().find((members) => members.includes(node))
  return group?.length === 1 && partition.nodeCount > 1 ? 'up, isolated' : 'up'
}

/**
 * A title, then one column a branch and one row a height. Branches for which there is no column are counted.
 */
function treeLines(model: DevnetModel, branches: readonly Branch[], { columns, rows }: ScreenSize): Line[] {
  const top = Math.max(0, ...branches.map(({ blocks }) => (blocks[0] as TreeBlock).height))
  // Branches that ended below the picture would be empty columns.
  const seen = branches.filter(({ blocks }) => (blocks[0] as TreeBlock).height > top - rows)
  const laneCount = Math.max(1, Math.floor((columns - HEIGHT_COLUMNS) / LANE_COLUMNS_MIN))
  const lanes = seen.slice(0, laneCount)
  const width = Math.min(LANE_COLUMNS_MAX, Math.floor((columns - HEIGHT_COLUMNS) / Math.max(1, lanes.length)))
  const more = seen.length - lanes.length
  const title = more === 0 ? 'blocks' : `blocks (and ${more} more ${more === 1 ? 'branch' : 'branches'})`
  const lines: Line[] = [[{ text: rule(title, columns), paint: 'dim' }]]
  for (let height = top; height > top - rows && height >= 0 && lanes.length > 0; height -= 1) {
    const cells = lanes.map((branch) => cell(branch, height, branches.indexOf(branch), model))
    lines.push([
      { text: ` ${`#${height}`.padEnd(HEIGHT_COLUMNS - 1)}`, paint: 'dim' },
      ...cells.map(({ text, paint }) => ({ text: text.slice(0, width - 1).padEnd(width), paint })),
    ])
  }
  return lines
}

function cell({ blocks, isAlive }: Branch, height: number, index: number, model: DevnetModel): Span {
  const paint = isAlive ? index : 'dim'
  const tip = blocks[0] as TreeBlock
  const block = blocks[tip.height - height]
  if (block === undefined) {
    const root = blocks.at(-1) as TreeBlock
    const isFork = root.parent !== null && height === root.height - 1 && model.tree.get(root.parent)
    return { text: isFork ? `'-- from ${shortText(root.parent as string)}` : '', paint }
  }
  const maker = model.producerOf(block.producer)
  const here = model.nodes.filter(({ head, state }) => state.kind === 'up' && head?.hash === block.hash)
  const isEverywhere = here.length === model.nodes.length
  const who = isEverywhere ? 'all' : here.map(({ node }) => node).join(' ')
  const marks = here.length === 0 ? '' : ` [${who}]`
  const by = block.height === 0 ? '' : ` by ${maker ?? '?'}`
  return { text: `${shortText(block.hash)} ${block.summary}${by}${marks}`, paint }
}

function inputLine({ selected, typed }: InputState): Line {
  return [
    { text: ` node ${selected} < `, paint: 'strong' },
    { text: `${typed}_`, paint: 'strong' },
  ]
}

function rule(title: string, columns: number): string {
  return `-- ${title} `.padEnd(columns, '-')
}

function padded(lines: readonly Line[], count: number): Line[] {
  return [...lines.slice(0, count), ...Array.from({ length: Math.max(0, count - lines.length) }, () => [])]
}

function drawn(line: Line, columns: number, colour: boolean): string {
  let left = columns
  let text = ''
  for (const span of line) {
    const cut = span.text.slice(0, left)
    left -= cut.length
    text += colour && cut !== '' ? painted(cut, span.paint) : cut
  }
  return colour ? text : text.trimEnd()
}

function painted(text: string, paint: Span['paint']): string {
  if (paint === undefined) return text
  return `\x1b[${sgrOf(paint)}m${text}\x1b[0m`
}

function sgrOf(paint: Exclude<Span['paint'], undefined>): number {
  if (paint === 'dim') return 2
  if (paint === 'strong') return 1
  if (paint === 'warning') return 31
  return BRANCH_COLOURS[paint % BRANCH_COLOURS.length] as number
}
