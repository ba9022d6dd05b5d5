import { describe, expect, test } from 'vitest'
import { parseSources, parseTerminalPorts } from '../../src/config/address.ts'
import { NODE_LIMITS } from '../../src/limits.ts'

const LOOPBACK = '127.0.0.1'

describe('ADDR', () => {
  const good: [string, object[]][] = [
    ['9000', [{ host: LOOPBACK, port: 9000 }]],
    ['0', [{ host: LOOPBACK, port: 0 }]],
    ['1', [{ host: LOOPBACK, port: 1 }]],
    ['65535', [{ host: LOOPBACK, port: 65_535 }]],
    [':9000', [{ host: '0.0.0.0', port: 9000 }]],
    ['localhost:9000', [{ host: 'localhost', port: 9000 }]],
    ['0.0.0.0:9000', [{ host: '0.0.0.0', port: 9000 }]],
    ['ward-2.example.org:9000', [{ host: 'ward-2.example.org', port: 9000 }]],
    ['[::1]:9000', [{ host: '::1', port: 9000 }]],
    ['[::]:9000:bpm', [{ host: '::', port: 9000, measure: 'bpm' }]],
    ['9000:bpm', [{ host: LOOPBACK, port: 9000, measure: 'bpm' }]],
    ['9000:bpm:ward-2', [{ host: LOOPBACK, port: 9000, measure: 'bpm', subject: 'ward-2' }]],
    ['9000:bpm:Zimmer 2 öst', [{ host: LOOPBACK, port: 9000, measure: 'bpm', subject: 'Zimmer 2 öst' }]],
    [':9000:bpm:w', [{ host: '0.0.0.0', port: 9000, measure: 'bpm', subject: 'w' }]],
    [
      '9000,9001:bpm:ward-2',
      [
        { host: LOOPBACK, port: 9000 },
        { host: LOOPBACK, port: 9001, measure: 'bpm', subject: 'ward-2' },
      ],
    ],
    [' 9000 , 9001 ', [9000, 9001].map((port) => ({ host: LOOPBACK, port }))],
    ['0,0,0', [0, 0, 0].map((port) => ({ host: LOOPBACK, port }))],
    ['127.0.0.1:9000,127.0.0.2:9000', [LOOPBACK, '127.0.0.2'].map((host) => ({ host, port: 9000 }))],
  ]
  test.each(good)('takes %j', (text, ports) => {
    expect(parseTerminalPorts(text)).toEqual({ ok: true, value: ports })
  })

  const bad: [string, string][] = [
    ['', "'' has no port"],
    ['abc', "'abc' has no port"],
    [',', "'' has no port"],
    ['9000,', "'' has no port"],
    ['65536', "'65536' is not a port"],
    ['99999999999999999999', "'99999999999999999999' is not a port"],
    ['-1', "'-1' has no port"],
    ['09000', "'09000' is not a port"],
    ['0x2328', "'0x2328' has no port"],
    ['9e3', "'9e3' has no port"],
    ['9000.0', "'9000.0' has no port"],
    ['９０００', 'has no port'],
    ['localhost', "'localhost' has no port"],
    ['localhost:', "'' is not a port"],
    ['localhost:http', "'http' is not a port"],
    ['::1:9000', "'::1:9000' is an IPv6 address without its brackets"],
    ['[::1]', "'[::1]' has no port"],
    ['[::1', "'[::1' has no port"],
    ['[1.2.3.4]:9000', "'1.2.3.4' within brackets is not an IPv6 address"],
    ['[]:9000', "'' within brackets is not an IPv6 address"],
    ['1.2.3:9000', "'1.2.3' is not a host name"],
    ['256.1.1.1:9000', "'256.1.1.1' is not a host name"],
    ['-host:9000', "'-host' is not a host name"],
    ['ho st:9000', "'ho st' is not a host name"],
    ['9000:BPM', "'BPM' is not the name of a measure"],
    ['9000:', "'' is not the name of a measure"],
    [`9000:${'m'.repeat(33)}`, 'is not the name of a measure'],
    ['9000:bpm:', "'' is not a subject"],
    ['9000:bpm:a\u001b[2Jb', "'a\\u{1b}[2Jb' is not a subject"],
    ['9000:bpm:a\u202eb', 'is not a subject'],
    [`9000:bpm:${'ö'.repeat(65)}`, 'is not a subject of 1 to 128 bytes'],
    ['9000:bpm:ward:2', 'there is a colon too many'],
    ['9000,9000', '127.0.0.1:9000 and 127.0.0.1:9000 take the same port'],
    ['9000,:9000', '127.0.0.1:9000 and 0.0.0.0:9000 take the same port'],
    ['[::]:9000,9000', '[::]:9000 and 127.0.0.1:9000 take the same port'],
    ['9000:bpm,9000:temperature', 'take the same port'],
    [Array.from({ length: NODE_LIMITS.terminalPortsMax + 1 }, () => '0').join(), 'it lists more than 256'],
  ]
  test.each(bad)('refuses %.40j', (text, problem) => {
    const result = parseTerminalPorts(text)
    expect(result).toEqual({ ok: false, problem: expect.stringContaining(problem) })
  })
})

describe('SOURCE', () => {
  test('takes devices, and none', () => {
    expect(parseSources('')).toEqual({ ok: true, value: [] })
    expect(parseSources('10.0.0.7:7000:temperature:freezer-3, pulse:1')).toEqual({
      ok: true,
      value: [
        { host: '10.0.0.7', port: 7000, measure: 'temperature', subject: 'freezer-3' },
        { host: 'pulse', port: 1 },
      ],
    })
  })

  test.each([
    ['7000', "'7000' has no port"],
    [':7000', "'' is not a host name"],
    ['pulse:0', 'port 0 is none'],
    ['pulse:7000,pulse:7000:bpm', 'pulse:7000 is there twice'],
    ['pulse:7000,', "'' has no port"],
  ])('refuses %j', (text, problem) => {
    expect(parseSources(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) })
  })
})
