import { describe, expect, test } from 'vitest'
import { isAcceptableKeyAndR } from '../../src/entry/signature-rule.ts'
import { edgeCases } from './edge-cases.ts'
import { judge, type Verdict } from './edwards.ts'
import { bytes, edgeCaseFile, rfc8032Vectors, wycheproofVectors } from './vectors.ts'

describe('the Ed25519 vectors', () => {
  test('the edge cases are those that the arithmetic makes', () => {
    expect(edgeCaseFile()).toEqual(edgeCases())
  })

  test('the edge cases begin with the twelve of the paper and hold every verdict', () => {
    const cases = edgeCaseFile()
    const paper = cases.slice(0, 12)
    expect(paper.map(({ name }) => name.split(':')[0])).toEqual(paper.map((_, i) => `paper ${i}`))
    expect(paper.map(({ verdict }) => verdict)).toEqual([
      'A of small order',
      'A of small order',
      'R of small order',
      'valid',
      'equation',
      'equation',
      'S not below L',
      'S not below L',
      'R not canonical',
      'R not canonical',
      'A not canonical',
      'A not canonical',
    ])
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
    const verdicts: Verdict[] = [
      'valid',
      'S not below L',
      'A not a point',
      'R not a point',
      'A not canonical',
      'R not canonical',
      'A of small order',
      'R of small order',
      'equation',
    ]
    expect(new Set(cases.map(({ verdict }) => verdict))).toEqual(new Set(verdicts))
  })

  test('all of Wycheproof and RFC 8032 section 7.1 is there', () => {
    const wycheproof = wycheproofVectors()
    expect([wycheproof.length, wycheproof.filter(({ valid }) => valid).length]).toEqual([151, 88])
    expect(rfc8032Vectors().map(({ name }) => name)).toEqual([
      'TEST 1',
      'TEST 2',
      'TEST 3',
      'TEST 1024',
      'TEST SHA(abc)',
    ])
  })

  test('Wycheproof and RFC 8032 agree with the arithmetic on every vector', () => {
    for (const { name, publicKey, message, signature, valid } of [
      ...wycheproofVectors(),
      ...rfc8032Vectors(),
    ]) {
      const verdict = judge(bytes(publicKey), bytes(message), bytes(signature))
      expect(verdict === 'valid', `${name}: ${verdict}`).toBe(valid)
    }
  })

  test('the rule leaves to the libraries only what is not a point and what breaks the equation', () => {
    const left: Verdict[] = ['valid', 'equation', 'A not a point', 'R not a point']
    for (const { name, publicKey, signature, verdict } of edgeCaseFile()) {
      expect(isAcceptableKeyAndR(bytes(publicKey), bytes(signature)), name).toBe(left.includes(verdict))
    }
  })
})
