/**
 * Writes the Ed25519 files of testdata/vectors/, as its README.md tells:
 *
 *   node tools/write-vectors.ts <ed25519_test.json> <rfc8032.rs>
 *
 * Without arguments only the edge cases are written, which need no other source.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { edgeCases } from '../packages/core/test/crypto/edge-cases.ts'

interface Vector {
  readonly name: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
}

interface Rfc8032Vector extends Vector {
  readonly seed: string
}

interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly comment: string
      readonly msg: string
      readonly sig: string
      readonly result: 'valid' | 'invalid'
    }[]
  }[]
}

function wycheproof(text: string): Vector[] {
  const file = JSON.parse(text) as WycheproofFile
  return file.testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ tcId, comment, msg, sig, result }) => ({
      name: `${tcId}: ${comment}`,
      publicKey: publicKey.pk,
      message: msg,
      signature: sig,
      valid: result === 'valid',
    })),
  )
}

/** The tests of the crate list seed, key, signature and message as hexadecimal literals, in this order. */
function rfc8032(text: string): Rfc8032Vector[] {
  return text
    .split('fn rfc8032_test_')
    .slice(2)
    .map((test) => {
      const literals = [...test.matchAll(/decode\("([0-9a-f]*)"\)/g)].map((it) => it[1] as string)
      const [seed, publicKey, signature, message] = literals as [string, string, string, string]
      return { name: `TEST ${test.slice(0, test.indexOf('('))}`, seed, publicKey, message, signature }
    })
}

/**
 * What neither package has of RFC 8032 section 7.1 was typed in. Signing is deterministic: a slip would
 * show.
 */
const SEED_1024 = 'f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5'
const SHA_ABC: Rfc8032Vector = {
  name: 'TEST SHA(abc)',
  seed: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
  publicKey: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
  message:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
    '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  signature:
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589' +
    '09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
}

/** One vector a line, so that a change shows which. */
function write(name: string, vectors: readonly object[]): void {
  const file = new URL(`../testdata/vectors/${name}`, import.meta.url)
  writeFileSync(file, `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`)
  console.log(`${vectors.length} vectors in ${name}`)
}

const [wycheproofPath, rfc8032Path] = process.argv.slice(2)
if (wycheproofPath !== undefined && rfc8032Path !== undefined) {
  const fromWycheproof = wycheproof(readFileSync(wycheproofPath, 'utf8'))
  write('ed25519-wycheproof.json', fromWycheproof)
  const test1024 = fromWycheproof.find(({ name }) => name.endsWith('Test 1024'))
  if (test1024 === undefined) throw new Error(`${wycheproofPath} has no Test 1024`)
  const { publicKey, message, signature } = test1024
  const with1024 = { name: 'TEST 1024', seed: SEED_1024, publicKey, message, signature }
  write('ed25519-rfc8032.json', [...rfc8032(readFileSync(rfc8032Path, 'utf8')), with1024, SHA_ABC])
}
write('ed25519-edge-cases.json', edgeCases())
