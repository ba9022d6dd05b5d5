import { expect, test } from 'vitest'
import { COMMAND_HELP, type DevnetCommand, parseCommand } from '../../src/devnet/commands.ts'

test.each<[string, DevnetCommand]>([
  ['type 2 72', { kind: 'type', node: 2, text: '72' }],
  ['  type 4   show  3 ', { kind: 'type', node: 4, text: 'show 3' }],
  [
    'split 1,2 3,4',
    {
      kind: 'split',
      groups: [
        [1, 2],
        [3, 4],
      ],
    },
  ],
  ['split 3', { kind: 'split', groups: [[3]] }],
  ['isolate 1', { kind: 'isolate', node: 1 }],
  ['mute 1 2', { kind: 'mute', from: 1, to: 2 }],
  ['heal', { kind: 'heal' }],
  ['kill 3', { kind: 'kill', node: 3 }],
  ['stop 3', { kind: 'stop', node: 3 }],
  ['restart 3', { kind: 'restart', node: 3 }],
  ['wipe 3', { kind: 'wipe', node: 3 }],
  ['status', { kind: 'status' }],
  ['wait synced', { kind: 'wait', what: 'synced', seconds: 60 }],
  ['wait joined 5', { kind: 'wait', what: 'joined', seconds: 5 }],
  ['quit', { kind: 'quit' }],
])('%s is understood', (line, command) => {
  expect(parseCommand(line, 4)).toEqual({ ok: true, command })
})

test('an empty line and a comment are nothing', () => {
  for (const line of ['', '  ', '# type 1 72'])
    expect(parseCommand(line, 4)).toEqual({ ok: true, command: undefined })
})

test.each([
  ['typ 1 72', "'typ' is not a command: type help"],
  ['\x1b[2J', "'\\u{1b}[2J' is not a command: type help"],
  ['type 1', 'type takes a node and a line, such as: type 2 72'],
  ['type 5 72', "'5' is not a node from 1 to 4"],
  ['type 0 72', "'0' is not a node from 1 to 4"],
  ['kill 1 2', 'kill takes a node: type help'],
  ['kill one', "'one' is not a node from 1 to 4"],
  ['split', 'split takes groups of nodes, such as: split 1,2 3,4'],
  ['split 1,2 2,3', 'a node can be in one group only'],
  ['split 1, 2', "'' is not a node from 1 to 4"],
  ['mute 1 1', 'mute takes two different nodes'],
  ['heal 1', 'heal takes nothing: type help'],
  ['wait', 'wait takes up, joined, answered, synced'],
  ['wait synced 0', 'wait takes seconds from 1 to 86400'],
  ['wait synced 1e3', 'wait takes seconds from 1 to 86400'],
])('%j is told what is wrong', (line, problem) => {
  expect(parseCommand(line, 4)).toEqual({ ok: false, problem })
})

test('help names every command and fits 80 columns', () => {
  const text = COMMAND_HELP.join('\n')
  for (const name of [
    'type',
    'split',
    'isolate',
    'mute',
    'heal',
    'kill',
    'stop',
    'restart',
    'wipe',
    'status',
    'wait',
  ])
    expect(text).toMatch(new RegExp(`^${name}`, 'm'))
  for (const line of COMMAND_HELP) expect(line.length).toBeLessThanOrEqual(80)
})
