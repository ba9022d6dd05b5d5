import { beforeEach, describe, expect, test } from 'vitest'
import { DevnetModel } from '../../src/devnet/model.ts'
import type { NodeLine } from '../../src/devnet/node-line.ts'
import { screenLines } from '../../src/devnet/screen.ts'

const ESCAPE = '\x1b'
const COLOURS = new RegExp(`${ESCAPE}\\[\\d+m`, 'g')
const INPUT = { selected: 2, typed: '7' }
const GENESIS = `0e0e0e0e${'0'.repeat(56)}`

function key(node: number): string {
  return String(node).repeat(64)
}

function hash(name: string): string {
  return name.repeat(8).slice(0, 8) + '0'.repeat(56)
}

function modelOf(nodeCount: number): DevnetModel {
  const model = new DevnetModel(nodeCount)
  for (let node = 1; node <= nodeCount; node += 1) {
    model.step({ kind: 'starting', node, pid: 100 + node })
    line(model, node, {
      kind: 'started',
      ledgerId: hash('f'),
      publicKey: key(node),
      head: { height: 0, hash: GENESIS },
      terminalPort: 41_000 + node,
      peerPort: 42_000 + node,
    })
    line(model, node, blockLine(0, GENESIS, null, 1, 0))
  }
  return model
}

function line(model: DevnetModel, node: number, line: NodeLine): readonly string[] {
  return model.step({ kind: 'line', node, line })
}

function blockLine(
  height: number,
  name: string,
  parent: string | null,
  producer: number,
  value: number,
): NodeLine {
  return {
    kind: 'block',
    height,
    hash: name,
    parent,
    producer: key(producer),
    values: [value],
    readingCount: 1,
  }
}

function told(model: DevnetModel, nodes: readonly number[], block: NodeLine): void {
  for (const node of nodes) line(model, node, block)
}

describe('the screen', () => {
  let model: DevnetModel

  beforeEach(() => {
    model = modelOf(4)
    told(model, [1, 2, 3, 4], blockLine(1, hash('a'), GENESIS, 1, 72))
    model.step({ kind: 'network', silenced: pairsAcross([1, 2], [3, 4]) })
    told(model, [1, 2], blockLine(2, hash('b'), hash('a'), 2, 80))
    told(model, [3], blockLine(2, hash('c'), hash('a'), 3, 81))
    told(model, [1, 2], blockLine(3, hash('d'), hash('b'), 1, 82))
    for (const node of [1, 2, 3]) {
      const status = { head: undefined, pendingCount: 0, peerCount: 1, catchingUp: undefined }
      model.step({ kind: 'status', node, status })
    }
    model.step({ kind: 'ended', node: 4, how: 'killed', isWanted: true })
    model.step({ kind: 'typed', id: 1, node: 2, text: '82' })
    model.step({ kind: 'answered', id: 1, answer: '#3 82 BPM stored in block dddddddd' })
  })

  test('shows nodes, forks and what happened', () => {
    expect(screenLines(model, INPUT, { columns: 80, rows: 24 }, false)).toMatchInlineSnapshot(`
      [
        " pulseledger devnet  4 nodes  2 heads  network 1,2 | 3,4  ledger ffffffff",
        " node state                  head             peers pending terminal",
        " 1    up                     #3      dddddddd 1     0       nc 127.0.0.1 41001",
        ">2    up                     #3      dddddddd 1     0       nc 127.0.0.1 41002",
        " 3    up                     #2      cccccccc 1     0       nc 127.0.0.1 41003",
        " 4    killed                 #1      aaaaaaaa -     -",
        "-- blocks ----------------------------------------------------------------------",
        " #3    dddddddd 82 by 1 [1 2]",
        " #2    bbbbbbbb 80 by 2                    cccccccc 81 by 3 [3]",
        " #1    aaaaaaaa 72 by 1                    '-- from aaaaaaaa",
        " #0    0e0e0e0e genesis",
        "",
        "",
        "",
        "-- what happened ---------------------------------------------------------------",
        " node 2 head 3 dddddddd 82",
        " node 1 peers 1",
        " node 2 peers 1",
        " node 3 peers 1",
        " node 4 killed",
        " typed 2 82",
        " stored 2 82 #3 dddddddd",
        " 72 Enter type  Tab next  p cut i isolate h heal k kill r start w wipe q quit",
        " node 2 < 7_",
      ]
    `)
  })

  test('has one colour for each branch, and for the nodes on it', () => {
    const lines = screenLines(model, INPUT, { columns: 80, rows: 24 }, true)
    const [one, two, three, four] = lines.slice(2, 6)
    for (const text of [one, two]) expect(text).toContain('\x1b[32m')
    expect(three).toContain('\x1b[33m')
    expect(four).toContain('\x1b[2m')
    expect(lines.find((text) => text.includes('cccccccc 81'))).toContain('\x1b[33mcccccccc 81')
    expect(lines.find((text) => text.includes('dddddddd 82'))).toContain('\x1b[32mdddddddd 82')
  })

  test('has exactly as many lines as there are rows, none of them too wide', () => {
    for (const columns of [1, 20, 80, 81, 200]) {
      for (const rows of [1, 5, 8, 24, 60]) {
        for (const nodeCount of [2, 30]) {
          const lines = screenLines(modelOf(nodeCount), INPUT, { columns, rows }, true)
          expect(lines.length).toBe(rows)
          for (const text of lines) expect(text.replace(COLOURS, '').length).toBeLessThanOrEqual(columns)
        }
      }
    }
  })

  test('shows the selected one of many nodes', () => {
    for (const selected of [1, 15, 30]) {
      const lines = screenLines(modelOf(30), { selected, typed: '' }, { columns: 80, rows: 24 }, false)
      expect(lines.filter((text) => text.startsWith('>'))).toHaveLength(1)
      expect(lines.find((text) => text.startsWith('>'))).toMatch(new RegExp(`^>${selected} `))
    }
  })

  test('counts branches for which there is no room', () => {
    const many = modelOf(6)
    for (let node = 1; node <= 6; node += 1)
      told(many, [node], blockLine(1, hash(`${node}`), GENESIS, node, node))
    const text = screenLines(many, INPUT, { columns: 80, rows: 24 }, false).join('\n')
    expect(text).toContain('6 heads')
    expect(text).toContain('-- blocks (and 3 more branches) --')
  })

  test('says who catches up and who is alone', () => {
    const status = { head: undefined, pendingCount: 2, peerCount: 3, catchingUp: { height: 12, target: 40 } }
    model.step({ kind: 'status', node: 1, status })
    model.step({ kind: 'network', silenced: pairsAcross([2], [1, 3, 4]) })
    const lines = screenLines(model, INPUT, { columns: 80, rows: 24 }, false)
    expect(lines[2]).toContain('catching up 12 of 40')
    expect(lines[3]).toContain('up, isolated')
  })
})

function pairsAcross(some: readonly number[], others: readonly number[]) {
  return some.flatMap((a) =>
    others.flatMap((b) => [
      { from: a, to: b },
      { from: b, to: a },
    ]),
  )
}

describe('the model', () => {
  test('tells of each thing once, in one line', () => {
    const model = modelOf(2)
    expect(line(model, 1, blockLine(1, hash('a'), GENESIS, 1, 72))).toEqual(['node 1 head 1 aaaaaaaa 72'])
    expect(line(model, 1, { kind: 'disconnected', height: 1, hash: hash('a') })).toEqual([
      'node 1 left 1 aaaaaaaa',
    ])
    expect(model.node(1).head).toEqual({ height: 0, hash: GENESIS })
    const status = { head: undefined, pendingCount: 0, peerCount: 1, catchingUp: undefined }
    expect(model.step({ kind: 'status', node: 1, status })).toEqual(['node 1 peers 1'])
    expect(model.step({ kind: 'status', node: 1, status })).toEqual([])
    const behind = { ...status, catchingUp: { height: 1, target: 9 } }
    expect(model.step({ kind: 'status', node: 1, status: behind })).toEqual(['node 1 catching up 1 of 9'])
    expect(model.step({ kind: 'status', node: 1, status })).toEqual(['node 1 caught up'])
    expect(model.step({ kind: 'complaint', node: 2, text: 'a\x1b[2Jb' })).toEqual([
      'node 2 says a\\u{1b}[2Jb',
    ])
    expect(line(model, 2, { kind: 'alarm', code: 'X', message: 'y' })).toEqual(['node 2 alarm X y'])
  })

  test('a restarted node keeps the head that it told, whatever it says of genesis', () => {
    const model = modelOf(1)
    line(model, 1, {
      kind: 'started',
      ledgerId: hash('f'),
      publicKey: key(1),
      head: { height: 7, hash: hash('a') },
      terminalPort: undefined,
      peerPort: undefined,
    })
    expect(line(model, 1, blockLine(0, GENESIS, null, 1, 0))).toEqual([])
    expect(model.node(1).head?.height).toBe(7)
  })

  test('is synced only with one head, nobody behind, nothing pending and nothing unanswered', () => {
    const model = modelOf(2)
    const status = { head: undefined, pendingCount: 0, peerCount: 1, catchingUp: undefined }
    const tell = (node: number, changed: object) => {
      model.step({ kind: 'status', node, status: { ...status, ...changed } })
    }
    expect(model.isSynced).toBe(false)
    tell(1, {})
    tell(2, {})
    expect(model.isSynced).toBe(true)
    expect(model.isJoined).toBe(true)
    tell(2, { pendingCount: 1 })
    expect(model.isSynced).toBe(false)
    tell(2, { catchingUp: { height: 1, target: 2 }, peerCount: 0 })
    expect(model.isSynced).toBe(false)
    expect(model.isJoined).toBe(false)
    tell(2, {})
    model.step({ kind: 'typed', id: 1, node: 1, text: '72' })
    expect(model.isSynced).toBe(false)
    model.step({ kind: 'answered', id: 1, answer: undefined })
    expect(model.isSynced).toBe(true)
    line(model, 1, blockLine(1, hash('a'), GENESIS, 1, 72))
    expect(model.isSynced).toBe(false)
    model.step({ kind: 'ended', node: 2, how: 'killed', isWanted: true })
    expect(model.isSynced).toBe(true)
    model.step({ kind: 'starting', node: 2, pid: 5 })
    expect(model.isSynced).toBe(false)
  })

  test('a status that comes after the end of its node is about nothing', () => {
    const model = modelOf(2)
    model.step({ kind: 'ended', node: 2, how: 'killed', isWanted: true })
    const status = { head: undefined, pendingCount: 3, peerCount: 1, catchingUp: undefined }
    expect(model.step({ kind: 'status', node: 2, status })).toEqual([])
    expect(model.node(2).pendingCount).toBe(undefined)
  })
})
