import { expect, test } from 'vitest'
import type { DevnetCommand } from '../../src/devnet/commands.ts'
import { type InputState, KEY_HELP, press, splitKeys } from '../../src/devnet/keys.ts'

function pressAll(text: string, from: InputState = { selected: 1, typed: '' }, nodeCount = 4) {
  let input = from
  const commands: DevnetCommand[] = []
  for (const key of splitKeys(text)) {
    const pressed = press(key, input, nodeCount)
    input = pressed.input
    if (pressed.command) commands.push(pressed.command)
  }
  return { ...input, commands }
}

test('escape sequences are one key each', () => {
  expect(splitKeys('7\x1b[A\x1bOB\x1b[1;5Cq\x1b')).toEqual([
    '7',
    '\x1b[A',
    '\x1bOB',
    '\x1b[1;5C',
    'q',
    '\x1b',
  ])
})

test('digits and Enter type a reading into the selected node', () => {
  expect(pressAll('72\r')).toEqual({
    selected: 1,
    typed: '',
    commands: [{ kind: 'type', node: 1, text: '72' }],
  })
  expect(pressAll('7\x7f8.5\r').commands).toEqual([{ kind: 'type', node: 1, text: '8.5' }])
  expect(pressAll('\r').commands).toEqual([])
  expect(pressAll('123456789012345').typed).toBe('123456789012')
})

test('Tab and arrows go round the nodes, a number and Tab goes to that node', () => {
  expect(pressAll('\t').selected).toBe(2)
  expect(pressAll('\t\t\t\t').selected).toBe(1)
  expect(pressAll('\x1b[A').selected).toBe(4)
  expect(pressAll('\x1b[B\x1b[B\x1b[Z').selected).toBe(2)
  expect(pressAll('3\t')).toMatchObject({ selected: 3, typed: '' })
  expect(pressAll('9\t')).toMatchObject({ selected: 1, typed: '' })
  expect(pressAll('0\t')).toMatchObject({ selected: 1, typed: '' })
})

test('Escape forgets what was typed', () => {
  expect(pressAll('72').typed).toBe('72')
  expect(pressAll('7\x1b').typed).toBe('')
})

test('letters act on the network and on the selected node', () => {
  expect(pressAll('\tpihkrwq').commands).toEqual([
    {
      kind: 'split',
      groups: [
        [1, 2],
        [3, 4],
      ],
    },
    { kind: 'isolate', node: 2 },
    { kind: 'heal' },
    { kind: 'kill', node: 2 },
    { kind: 'restart', node: 2 },
    { kind: 'wipe', node: 2 },
    { kind: 'quit' },
  ])
  expect(pressAll('p', undefined, 5).commands).toEqual([
    {
      kind: 'split',
      groups: [
        [1, 2, 3],
        [4, 5],
      ],
    },
  ])
  expect(pressAll('\x03').commands).toEqual([{ kind: 'quit' }])
  expect(pressAll('xyz?\x1b[5~').commands).toEqual([])
})

test('the line of help fits 80 columns with its margin', () => {
  expect(KEY_HELP.length).toBeLessThan(80)
})
