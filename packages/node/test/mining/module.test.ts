import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { miningWat } from '../../../../tools/mining/wat.ts'
import { compileWat, moduleSource } from '../../../../tools/mining.ts'
import { ROUND_CONSTANTS } from '../../src/mining/midstate.ts'
import { NonceSearch } from '../../src/mining/nonce-search.ts'
import { digestOf, oneLess } from './dumb-work.ts'

describe('the module that searches', () => {
  test('is committed as npm run build:mining writes it, to the byte', async () => {
    const committed = readFileSync(new URL('../../src/mining/module.ts', import.meta.url), 'utf8')
    expect(moduleSource(await compileWat(miningWat()))).toBe(committed)
  })

  test('hashes wrongly when one bit of a round constant is wrong, whichever it is', async () => {
    const prefix = new Uint8Array(64)
    const digest = digestOf(prefix, 5n)
    const isRight = async (constants: readonly number[]): Promise<boolean> => {
      const bytes = await compileWat(miningWat(constants))
      const search = await NonceSearch.create(Buffer.from(bytes).toString('base64'))
      const [same, below] = [digest, oneLess(digest)].map((target) => {
        search.setJob({ prefix, target })
        return search.find(5n, 1)
      })
      return same === 5n && below === undefined
    }
    expect(await isRight(ROUND_CONSTANTS)).toBe(true)
    for (const [t, constant] of ROUND_CONSTANTS.entries()) {
      expect(await isRight(ROUND_CONSTANTS.with(t, constant ^ 1))).toBe(false)
    }
  })

  test('does not come out of text that is not valid', async () => {
    await expect(compileWat('(module (func (result i32)))')).rejects.toThrow('type mismatch')
  })
})
