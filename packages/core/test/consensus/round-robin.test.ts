import { describe, expect, test } from 'vitest'
import { createEngine, ENGINES } from '../../src/consensus/engines.ts'
import { crypto, producers, testRules } from '../support/block-builder.ts'
import { roundRobin } from '../support/round-robin.ts'
import { engineConformance } from './conformance.ts'

/** That a new engine takes a file and a line: this one is known to these tests alone. */
engineConformance('round-robin', { kind: roundRobin, parameters: { finalDepth: 5 } })

describe('an engine of thirty lines', () => {
  test('is made from a genesis document once it is registered, and not before', () => {
    const engines = { ...ENGINES, 'round-robin': roundRobin }
    const engine = { name: 'round-robin', finalDepth: 5 }
    const { document } = testRules({ engine, engines, producers })
    expect(createEngine(document, crypto, engines)).toMatchObject({
      ok: true,
      value: { name: 'round-robin' },
    })
    expect(createEngine(document, crypto)).toMatchObject({ ok: false, error: { code: 'GENESIS_INVALID' } })
  })
})
