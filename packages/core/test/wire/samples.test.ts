import { readFileSync } from 'node:fs'
import * as dagCbor from '@ipld/dag-cbor'
import { base32 } from 'multiformats/bases/base32'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/bytes.ts'
import { encodeInvite, parseInvite } from '../../src/wire/invite.ts'
import { parseDiagnostic } from '../support/diagnostic.ts'
import { crypto, invite, MESSAGES, orThrow } from './samples.ts'

/** docs/spec/network.md and docs/spec/invite.md show what the code makes. */

const SPEC = new URL('../../../../docs/spec/', import.meta.url)
const read = (page: string) => readFileSync(new URL(page, SPEC), 'utf8')

const page = read('network.md')
const fences = [...page.matchAll(/^```(\S+) (\S+)\n([\s\S]*?)^```$/gm)].map((match) => {
  const [, kind = '', name = '', text = ''] = match
  return { kind, name, text: text.trim() }
})
const ofKind = (kind: string) => fences.filter((fence) => fence.kind === kind)
const messageOf = (name: string) => {
  const found = MESSAGES[name]
  if (found === undefined) throw new Error(`no sample ${name}`)
  return found
}

/** Too long for a page that is read. */
const UNLISTED = ['announcement-whole']

describe('docs/spec/network.md', () => {
  test('has every sample once, in hexadecimal and in diagnostic notation', () => {
    const names = Object.keys(MESSAGES).filter((name) => !UNLISTED.includes(name))
    for (const kind of ['hex', 'cbor-diag']) {
      expect(
        ofKind(kind)
          .map(({ name }) => name)
          .toSorted(),
      ).toEqual(names.toSorted())
    }
  })

  test.each(ofKind('hex'))('the bytes of $name, decoded and encoded again too', ({ name, text }) => {
    const { bytes, recode } = messageOf(name)
    const listed = text.replace(/\s/g, '')
    expect(listed).toBe(toHex(bytes))
    expect(toHex(orThrow(recode(fromHex(listed) as Uint8Array)))).toBe(listed)
  })

  test.each(ofKind('cbor-diag'))('the diagnostic notation of $name', ({ name, text }) => {
    expect(toHex(dagCbor.encode(parseDiagnostic(text)))).toBe(toHex(messageOf(name).bytes))
  })

  test('the length of every sample stands before it', () => {
    for (const { name } of ofKind('cbor-diag')) {
      const before = page.split(`\`\`\`cbor-diag ${name}\n`)[0] ?? ''
      const lengths = [...before.matchAll(/([0-9]+)\s+bytes/g)]
      expect(`${name} ${lengths.at(-1)?.[1]}`).toBe(`${name} ${messageOf(name).bytes.length}`)
    }
  })
})

describe('docs/spec/invite.md', () => {
  const text = read('invite.md')
  const word = /^```text invite\n(.*)\n```$/m.exec(text)?.[1] ?? ''

  test('the word is that of the sample, and is read back', () => {
    expect(word).toBe(encodeInvite(invite, crypto))
    expect(parseInvite(word, crypto)).toEqual({ ok: true, value: invite })
  })

  test('the bytes piece by piece are those of the word, as another base32 reads them', () => {
    const pieces = /^```hex-annotated invite\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? ''
    const hex = [...pieces.matchAll(/^([0-9a-f]+) {2}/gm)].map((match) => match[1]).join('')
    expect(hex).toBe(toHex(base32.baseDecode(word.slice('pulse1'.length))))
  })
})
