/**
 * The message schedule of the last block of a proof of work (FIPS 180-4, section 6.2.2 step 1), as far as it
 * can be worked out before the search.
 *
 * Words 0 to 15 are the high and the low half of the nonce, the bit 1, zeros and the length. Only the low
 * half differs from nonce to nonce. So a term of a later word is known when the module is written, or the
 * same for all nonces of a call, or has to be computed for each; terms of the first kind fold into one number
 * and those of the second into one local that is set before the loop.
 */
import { add, get, load, set, smallSigma0, smallSigma1, splat } from './vector.ts'

/** `fixed`: the same for all nonces of a call. `varying`: computed for each. Both are names of locals. */
export type Word = { readonly known: number } | { readonly fixed: string } | { readonly varying: string }

export interface Schedule {
  readonly words: readonly Word[]
  /** The statements, before the loop, that set the fixed locals. */
  readonly prepare: readonly string[]
  /** The statement for each word that sets its local; empty when it needs none. */
  readonly compute: readonly string[]
  /** The locals in which the varying words are kept, each for 16 rounds. */
  readonly locals: readonly string[]
}

/** `high` and `low` are locals with the halves of the nonces; the length is in the memory at `lengthAt`. */
export function expandSchedule(high: string, low: string, lengthAt: number): Schedule {
  const words: Word[] = [{ fixed: high }, { varying: low }, { known: 0x80000000 }]
  while (words.length < 15) words.push({ known: 0 })
  words.push({ fixed: 'length' })
  const prepare = [set('length', load(lengthAt))]
  const compute = words.map(() => '')
  const locals = ['length']
  for (let t = 16; t < 64; t++) {
    const word = (back: number): Word => words[t - back] as Word
    const terms = [
      applied(word(2), smallSigma1, sigma1),
      plain(word(7)),
      applied(word(15), smallSigma0, sigma0),
      plain(word(16)),
    ]
    const sums = terms.flatMap((term) => (term.kind === 'varying' ? [term.code] : []))
    const fixed = terms.flatMap((term) => (term.kind === 'fixed' ? [term.code] : []))
    const known = terms.reduce((sum, term) => (term.kind === 'known' ? (sum + term.value) | 0 : sum), 0)
    if (known !== 0) fixed.push(splat(known))
    if (fixed.length > 0) {
      locals.push(`part${t}`)
      prepare.push(set(`part${t}`, add(...fixed)))
      sums.push(get(`part${t}`))
    }
    const local = `w${t % 16}`
    if (t < 32) locals.push(local)
    words.push({ varying: local })
    compute.push(set(local, add(...sums)))
  }
  return { words, prepare, compute, locals }
}

type Term =
  | { readonly kind: 'known'; readonly value: number }
  | { readonly kind: 'fixed' | 'varying'; readonly code: string }

function plain(word: Word): Term {
  if ('known' in word) return { kind: 'known', value: word.known }
  if ('fixed' in word) return { kind: 'fixed', code: get(word.fixed) }
  return { kind: 'varying', code: get(word.varying) }
}

function applied(word: Word, code: (local: string) => string, number: (x: number) => number): Term {
  if ('known' in word) return { kind: 'known', value: number(word.known) }
  if ('fixed' in word) return { kind: 'fixed', code: code(word.fixed) }
  return { kind: 'varying', code: code(word.varying) }
}

const sigma0 = (x: number): number => rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3)

const sigma1 = (x: number): number => rotr(x, 17) ^ rotr(x, 19) ^ (x >>> 10)

const rotr = (x: number, by: number): number => (x >>> by) | (x << (32 - by))
