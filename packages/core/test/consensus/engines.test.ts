import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createEngine, ENGINES } from '../../src/consensus/engines.ts'
import { crypto, testRules } from '../support/block-builder.ts'

describe('engines', () => {
  test('are made from the name in the genesis document', () => {
    const { document } = testRules()
    expect(createEngine(document, crypto)).toMatchObject({ ok: true, value: { name: 'longest-chain' } })
  })

  test.each(['paxos', '__proto__', 'constructor', 'toString'])(
    'refuses a document that asks for %s',
    (name) => {
      const { document } = testRules()
      const made = createEngine({ ...document, engine: { name, finalDepth: 1 } }, crypto)
      expect(made).toMatchObject({ ok: false, error: { code: 'GENESIS_INVALID' } })
      expect(made.ok || made.error.message).toContain('longest-chain')
    },
  )

  test.each([
    ['finalDepth', 0],
    ['finalDepth', 10_001],
    ['finalDepth', '5'],
    ['windows', 5],
  ])('refuses a document whose engine has the %s %j', (parameter, value) => {
    const { document } = testRules()
    const made = createEngine({ ...document, engine: { ...document.engine, [parameter]: value } }, crypto)
    expect(made).toMatchObject({ ok: false, error: { code: 'GENESIS_INVALID' } })
    expect(made.ok || made.error.message).toContain(`engine.${parameter}`)
  })

  test('every one has a file of tests here, which begins with its conformance', () => {
    for (const name of Object.keys(ENGINES)) {
      const text = readFileSync(new URL(`${name}.test.ts`, import.meta.url), 'utf8')
      expect(text).toContain(`engineConformance('${name}', `)
    }
  })
})
