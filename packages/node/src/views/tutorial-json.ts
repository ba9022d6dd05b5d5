/**
 * A block in the shape of the tutorial that this program grew out of, on one line:
 *
 *   {"Index":1,"Timestamp":"2026-11-22T11:16:33Z","BPM":72,"Hash":"<64 hex>","PrevHash":"<64 hex>"}
 *
 * That is a block of one heart rate and nothing beside it. Genesis has Index 0, BPM 0 and an empty PrevHash.
 * Any other block lists its readings in the place of BPM:
 *
 *   "Readings":[{"BPM":72},{"BPM":80,"Subject":"ward-2"},{"Measure":"pain","Value":3},{"Erased":true}]
 *
 * followed by "Omitted" with the number of those left out, when not all of them fit. Where blocks take work,
 * "Difficulty", "Nonce" and "Work" follow PrevHash, as texts.
 */
import { cidToText, toHex } from '@pulseledger/core'
import type { BlockView, ReadingView } from './block-view.ts'
import { asciiJson } from './printable.ts'
import { secondsTime } from './time.ts'

const TUTORIAL_MEASURE = 'bpm'

/**
 * One line of JSON without its newline. The readings together are cut at `bytesMax`, but one is always
 * listed.
 */
export function tutorialJson(view: BlockView, bytesMax = Number.POSITIVE_INFINITY): string {
  const before = asciiJson({ Index: view.height, Timestamp: secondsTime(view.time) }).slice(0, -1)
  const after = asciiJson({
    Hash: toHex(view.hash),
    PrevHash: view.parent === null ? '' : toHex(view.parent),
    ...Object.fromEntries(view.facts.map(({ name, value }) => [capitalised(name), value])),
  }).slice(1)
  return `${before},${middle(view, bytesMax)},${after}`
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function middle(view: BlockView, bytesMax: number): string {
  if (view.height === 0) return '"BPM":0'
  const [first] = view.readings
  if (view.readingCount === 1 && first !== undefined && isPlainBpm(first)) return `"BPM":${first.value}`
  return readingList(view, bytesMax)
}

function isPlainBpm(reading: ReadingView): reading is ReadingView & { kind: 'present' } {
  if (reading.kind !== 'present' || reading.measure !== TUTORIAL_MEASURE) return false
  return (reading.subject ?? reading.device ?? reading.note ?? reading.file) === undefined
}

function readingList({ readings, readingCount }: BlockView, bytesMax: number): string {
  const listed: string[] = []
  let bytes = 0
  for (const reading of readings) {
    const text = asciiJson(tutorialReading(reading))
    bytes += text.length + 1
    if (bytes > bytesMax && listed.length > 0) break
    listed.push(text)
  }
  const omitted = readingCount - listed.length
  return `"Readings":[${listed.join(',')}]${omitted > 0 ? `,"Omitted":${omitted}` : ''}`
}

function tutorialReading(reading: ReadingView): object {
  if (reading.kind !== 'present') return reading.kind === 'erased' ? { Erased: true } : { Damaged: true }
  const { measure, value, subject, device, note, file } = reading
  return {
    ...(measure === TUTORIAL_MEASURE ? { BPM: value } : { Measure: measure, Value: value }),
    ...(subject === undefined ? {} : { Subject: subject }),
    ...(device === undefined ? {} : { Device: device }),
    ...(note === undefined ? {} : { Note: note }),
    ...(file === undefined ? {} : { File: cidToText(file) }),
  }
}
