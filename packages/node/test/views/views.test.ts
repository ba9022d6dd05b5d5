import { type Block, encodeHeader, toHex } from '@pulseledger/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NewReading } from '../../src/ports.ts'
import { blockView } from '../../src/views/block-view.ts'
import {
  alarmEvent,
  blockEvent,
  disconnectedEvent,
  readingEvent,
  skippedEvent,
  startedEvent,
} from '../../src/views/event-json.ts'
import { COLOURED, PLAIN } from '../../src/views/palette.ts'
import { blockDetail, blockLine, blockLines, readingLine } from '../../src/views/text.ts'
import { tutorialJson } from '../../src/views/tutorial-json.ts'
import { anyText } from '../support/any-text.ts'
import { FakeNode } from '../support/fake-node.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is looked for.
const SGR = /\x1b\[\d+m/g

const bpm = (value: number): NewReading => ({ measure: 'bpm', value })

function chainOf(...blocks: readonly (readonly NewReading[])[]) {
  const node = new FakeNode(new VirtualClock(Date.parse('2026-11-22T11:16:33.987Z')))
  for (const readings of blocks) node.add(readings)
  return { node, views: node.chain.map((block) => blockView(block, node.document)) }
}

/** As after an erasure, or after the disk changed a byte. */
function withPayload(block: Block, payload: Uint8Array | null): Block {
  return { ...block, payloads: [payload, ...block.payloads.slice(1)] }
}

describe('the view of a block', () => {
  test('decodes no more payloads than asked for, and counts all', () => {
    const { node } = chainOf([bpm(72), bpm(80), bpm(81)])
    const view = blockView(node.chain[1]!, node.document, 2)
    expect(view.readings.map((reading) => reading.kind === 'present' && reading.value)).toEqual([72, 80])
    expect(view.readingCount).toBe(3)
  })

  test('tells an erased payload from a damaged one', () => {
    const { node } = chainOf([bpm(72)])
    const kinds = [null, new Uint8Array(3)].map((payload) => {
      return blockView(withPayload(node.chain[1]!, payload), node.document).readings[0]?.kind
    })
    expect(kinds).toEqual(['erased', 'damaged'])
  })

  test('never holds the salt, with which an erased value could be guessed', () => {
    const { views } = chainOf([bpm(72)])
    expect(views[1]?.readings[0]).not.toHaveProperty('salt')
  })
})

describe('a block that took work', () => {
  const engine = {
    name: 'proof-of-work',
    finalDepth: 100,
    intervalMs: 5_000,
    window: 16,
    difficulty: 50,
    difficultyMinimum: 5,
  }
  const document = { ...new FakeNode(new VirtualClock()).document, engine }
  const seal = new Uint8Array(48)
  seal.set([4, 0xff], 0)
  seal.set([0x12, 0x67], 46)
  const [, plain] = chainOf([bpm(72)]).node.chain as [Block, Block]
  const header = { ...plain.header, seal }
  const block = { ...plain, header, headerBytes: encodeHeader(header) }
  const view = blockView(block, document)

  test('shows its difficulty, its nonce and the digest, on one line the beginning of that', () => {
    const work = view.facts[2]?.value ?? ''
    expect(work).toMatch(/^[0-9a-f]{64}$/)
    expect(blockDetail(view)).toContain(`  seal      difficulty 51, nonce 4711, work ${work}`)
    expect(blockLine(view)).toMatch(new RegExp(`  difficulty 51, nonce 4711, work ${work.slice(0, 8)}$`))
    expect(JSON.parse(blockEvent(block, document))).toMatchObject({
      seal: { difficulty: '51', nonce: '4711', work },
    })
    expect(JSON.parse(tutorialJson(view))).toMatchObject({ Difficulty: '51', Nonce: '4711', Work: work })
  })

  test('shows nothing of it where the engine is another one, or has no such seal', () => {
    expect(blockView({ ...block, header: { ...header, seal: seal.subarray(1) } }, document).facts).toEqual([])
    expect(blockView(block, { ...document, engine: { name: 'longest-chain' } }).facts).toEqual([])
    expect(blockView(block, { ...document, engine: { name: '__proto__' } }).facts).toEqual([])
    expect(blockEvent(plain, chainOf().node.document)).not.toContain('seal')
  })
})

describe("the tutorial's JSON", () => {
  const hash = (node: FakeNode, height: number) => toHex(node.chain[height]!.hash)

  test('of one heart rate has exactly the keys of the tutorial, in its order', () => {
    const { node, views } = chainOf([bpm(72)])
    expect(tutorialJson(views[1]!)).toBe(
      `{"Index":1,"Timestamp":"2026-11-22T11:16:33Z","BPM":72,` +
        `"Hash":"${hash(node, 1)}","PrevHash":"${hash(node, 0)}"}`,
    )
  })

  test('of genesis has index 0, no BPM and no previous hash', () => {
    const { node, views } = chainOf()
    expect(tutorialJson(views[0]!)).toBe(
      `{"Index":0,"Timestamp":"2026-11-22T11:16:30Z","BPM":0,"Hash":"${hash(node, 0)}","PrevHash":""}`,
    )
  })

  test('lists the readings of any other block in the place of BPM', () => {
    const temperature = { measure: 'temperature', value: 36.6 }
    const { node, views } = chainOf([bpm(72), { ...bpm(80), subject: 'ward-2' }, temperature])
    expect(tutorialJson(views[1]!)).toBe(
      '{"Index":1,"Timestamp":"2026-11-22T11:16:33Z",' +
        '"Readings":[{"BPM":72},{"BPM":80,"Subject":"ward-2"},{"Measure":"temperature","Value":36.6}],' +
        `"Hash":"${hash(node, 1)}","PrevHash":"${hash(node, 0)}"}`,
    )
  })

  test.each([
    ['another measure', { measure: 'temperature', value: 36.6 }, '[{"Measure":"temperature","Value":36.6}]'],
    ['a subject', { ...bpm(72), subject: 'a' }, '[{"BPM":72,"Subject":"a"}]'],
    ['a device', { ...bpm(72), device: 'b' }, '[{"BPM":72,"Device":"b"}]'],
    ['a note', { ...bpm(72), note: 'c' }, '[{"BPM":72,"Note":"c"}]'],
  ])('lists a single reading with %s', (_, reading, listed) => {
    const { views } = chainOf([reading])
    expect(tutorialJson(views[1]!)).toContain(`"Readings":${listed},"Hash"`)
  })

  test('an erased reading is listed as erased', () => {
    const { node } = chainOf([bpm(72)])
    const view = blockView(withPayload(node.chain[1]!, null), node.document)
    expect(tutorialJson(view)).toContain('"Readings":[{"Erased":true}],"Hash"')
  })

  test('within a bound it lists what fits, at least one, and counts the rest', () => {
    const { views } = chainOf(Array.from({ length: 100 }, () => bpm(72)))
    const parsed = JSON.parse(tutorialJson(views[1]!, 55))
    expect(parsed.Readings.length).toBe(5)
    expect(parsed.Omitted).toBe(95)
    expect(JSON.parse(tutorialJson(views[1]!, 1)).Readings.length).toBe(1)
  })
})

describe('events as JSON', () => {
  test('a block', () => {
    const { node } = chainOf([{ ...bpm(72), subject: 'ward-2' }])
    const hex = '<64 hex>'
    const line = blockEvent(node.chain[1]!, node.document).replaceAll(/[0-9a-f]{64}/g, hex)
    expect(line).toBe(
      `{"event":"block","height":1,"hash":"${hex}","parent":"${hex}","time":"2026-11-22T11:16:33.987Z",` +
        `"producer":"${hex}","size":1,"readings":[{"entry":"${hex}","author":"${hex}","sequence":0,` +
        '"measure":"bpm","value":72,"time":"2026-11-22T11:16:33.987Z","subject":"ward-2"}]}',
    )
  })

  test('genesis has no parent', () => {
    const { node } = chainOf()
    expect(JSON.parse(blockEvent(node.chain[0]!, node.document))).toMatchObject({
      parent: null,
      readings: [],
    })
  })

  test('an erased reading keeps its entry and says that it was erased', () => {
    const { node } = chainOf([bpm(72)])
    const { readings } = JSON.parse(blockEvent(withPayload(node.chain[1]!, null), node.document))
    expect(Object.keys(readings[0])).toEqual(['entry', 'author', 'sequence', 'erased'])
  })

  test('one reading says where it stands', () => {
    const { views } = chainOf([bpm(72), bpm(80)])
    expect(JSON.parse(readingEvent(views[1]!, 1))).toMatchObject({ event: 'reading', height: 1, value: 80 })
  })

  test('the others', () => {
    const { node } = chainOf([bpm(72)])
    expect(JSON.parse(disconnectedEvent(node.chain[1]!))).toMatchObject({ event: 'disconnected', height: 1 })
    expect(JSON.parse(startedEvent(node.status(), ['127.0.0.1:9000'], 'pulse1abc'))).toMatchObject({
      event: 'started',
      ledger: { name: 'ward', engine: 'longest-chain' },
      head: { height: 1, size: 1 },
      addresses: ['127.0.0.1:9000'],
      invite: 'pulse1abc',
    })
    expect(JSON.parse(alarmEvent({ code: 'BLOCK_BELOW_FINAL', message: 'm' }))).toMatchObject({
      event: 'alarm',
      code: 'BLOCK_BELOW_FINAL',
      message: 'm',
    })
    expect(skippedEvent(3)).toBe('{"event":"skipped","count":3}')
  })
})

describe('text', () => {
  test('the columns of a list are as wide as the list needs them', () => {
    const { views } = chainOf(...Array.from({ length: 11 }, (_, n) => [bpm(n === 10 ? 110 : 72)]))
    expect(blockLines(views.slice(9))).toEqual([
      '#9   2026-11-22 11:16:33Z  72 BPM   23636f20  <- 7c0021d4',
      '#10  2026-11-22 11:16:33Z  72 BPM   575f32b0  <- 23636f20',
      '#11  2026-11-22 11:16:33Z  110 BPM  2eb248df  <- 575f32b0',
    ])
  })

  test('a large block is summarised on its line, and its detail is cut', () => {
    const { views } = chainOf(Array.from({ length: 100 }, (_, n) => bpm(n)))
    expect(blockLine(views[1]!)).toContain('100 readings: 0 BPM, 1 BPM, 2 BPM, ...')
    const detail = blockDetail(views[1]!)
    expect(detail.filter((line) => line.includes('BPM')).length).toBe(20)
    expect(detail.at(-1)).toBe('    ... and 80 more')
  })

  test('a reading is shown with what is beside it', () => {
    const { views } = chainOf([{ ...bpm(72), subject: 'ward-2', device: 'd1', note: 'after\nrest' }])
    expect(readingLine(views[1]!.readings[0]!)).toBe(
      '72 BPM ward-2  device d1  note after\\u{a}rest  2026-11-22 11:16:33Z  entry 69913a97 by 545ea538/0',
    )
  })

  test('whatever strangers wrote, every form is one line of printable ASCII, and of bounded length', () => {
    const text = anyText({ minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(text, text, text, (subject, device, note) => {
        const { node, views } = chainOf([{ ...bpm(72), subject, device, note }])
        const [, view] = views
        const lines = [
          blockLine(view!),
          ...blockDetail(view!),
          tutorialJson(view!),
          blockEvent(node.chain[1]!, node.document),
        ]
        for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]{1,4096}$/)
      }),
    )
  })

  test('colours are SGR sequences around the same text', () => {
    const { views } = chainOf([bpm(72)])
    const coloured = blockLine(views[1]!, COLOURED)
    expect(coloured).not.toBe(blockLine(views[1]!, PLAIN))
    expect(coloured.replaceAll(SGR, '')).toBe(blockLine(views[1]!, PLAIN))
  })
})
