import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { replayOverSockets, replayPure } from '../support/replay.ts'
import { parseTranscript } from '../support/transcript.ts'

const FOLDER = new URL('../../../../testdata/transcripts/', import.meta.url)
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))

test('there are transcripts', () => {
  expect(names.length).toBeGreaterThan(10)
})

describe.each(names)('%s', (name) => {
  const transcript = parseTranscript(readFileSync(new URL(name, FOLDER), 'utf8'))

  test('holds for the session alone', () => replayPure(transcript))

  test('holds over sockets', () => replayOverSockets(transcript))
})
