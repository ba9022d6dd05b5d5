/**
 * Writes the search for a nonce as WebAssembly text: SHA-256 of FIPS 180-4, four nonces at a time.
 *
 * The input of a proof of work ends with one block of 64 bytes: the nonce in two words, the bit 1, zeros, and
 * the length in bits. What comes before is hashed once (`packages/node/src/mining/midstate.ts`), so a nonce
 * costs one compression. A vector of 128 bits holds the same variable of four compressions, whose nonces
 * follow one another. WebAssembly cannot rotate a vector, so a rotation is two shifts and an `or`.
 *
 * Three things make it cheaper than plain compressions, beside the vector:
 *
 * - All 64 rounds are written out, so the variables take turns instead of being moved, and words of the block
 *   that are zero leave no code. What does not depend on the low half of the nonce, which begins with the
 *   first round and most of the second, is computed once a call.
 * - `maj(a, b, c) = b ^ ((a ^ b) & (b ^ c))`, and the last factor is what the round before called `a ^ b`.
 * - Of the digest only the highest word is compared with the target's, of all four at once. What passes, one
 *   in 2^32 for a hard target, is compared in full, one after another, so that equal highest words are
 *   decided rightly and the lowest nonce is the one that is returned.
 *
 * Memory, in words of 32 bits as WebAssembly stores them (little endian), the most significant word first:
 *
 *     0    8 words    the midstate
 *     32   8 words    the target
 *     64   1 word     the length of the whole input in bits
 *     128  8 vectors  the digests that are compared in full: by word, then by nonce
 *     256  64 words   the round constants, to which the words that are known were added
 *
 *     search(high, low, count) -> index
 *
 * is the least index in [0, count) for which the nonce `high * 2^32 + low + index` meets the target, or -1.
 * `count` is below 2^31, and `low + count` at most 2^32.
 */
import { ROUND_CONSTANTS } from '../../packages/node/src/mining/midstate.ts'
import { expandSchedule, type Schedule, type Word } from './schedule.ts'
import { add, and, bigSigma0, bigSigma1, choose, get, load, set, splat, tee, xor } from './vector.ts'

const TARGET_AT = 32
const LENGTH_AT = 64
const DIGEST_AT = 128
const CONSTANTS_AT = 256

const VARIABLES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const

/** Rounds that end before the low half of the nonce comes in, but for one addition. */
const ROUNDS_PREPARED = 2

/** The whole module. */
export function miningWat(constants: readonly number[] = ROUND_CONSTANTS): string {
  const schedule = expandSchedule('high4', 'low4', LENGTH_AT)
  return `(module
(memory (export "memory") 1)
(data (i32.const ${CONSTANTS_AT}) "${constantsData(schedule.words, constants)}")
(func (export "search") (param $high i32) (param $low i32) (param $count i32) (result i32)
(local $index i32) (local $lane i32) (local $word i32) (local $digest i32) (local $target i32)
${vectorLocals(schedule)}
${prepare(schedule)}
(block $none (loop $next
(br_if $none (i32.ge_s ${get('index')} ${get('count')}))
${rounds(schedule)}
(if (v128.any_true (i32x4.le_u ${add(get('a'), load(0))} ${load(TARGET_AT)})) (then
${compareInFull()}))
${set('low4', add(get('low4'), splat(4)))}
${set('index', `(i32.add ${get('index')} (i32.const 4))`)}
(br $next)))
(i32.const -1)))
`
}

/** Little endian. A word that is known is added to the constant of its round, which costs nothing then. */
function constantsData(words: readonly Word[], constants: readonly number[]): string {
  const bytes = Buffer.alloc(4 * 64)
  for (const [t, word] of words.entries()) {
    const sum = (constants[t] as number) + ('known' in word ? word.known : 0)
    bytes.writeUInt32LE(sum >>> 0, 4 * t)
  }
  return bytes.toString('hex').replaceAll(/../g, '\\$&')
}

function vectorLocals(schedule: Schedule): string {
  const copies = [...VARIABLES, 'xor1'].map(prepared)
  const names = ['high4', 'low4', ...VARIABLES, 'sum', 'xor0', 'xor1', ...copies, ...schedule.locals]
  return names.map((name) => `(local $${name} v128)`).join(' ')
}

/** Everything that is the same for all nonces of a call. The nonces of the four lanes follow one another. */
function prepare(schedule: Schedule): string {
  const lanes = '(v128.const i32x4 0 1 2 3)'
  return [
    set('high4', `(i32x4.splat ${get('high')})`),
    set('low4', add(`(i32x4.splat ${get('low')})`, lanes)),
    ...schedule.prepare,
    ...VARIABLES.map((name, i) => set(name, load(4 * i))),
    set('xor1', xor(get('b'), get('c'))),
    round(0, get('high4')),
    round(1),
    ...[...VARIABLES, 'xor1'].map((name) => set(prepared(name), get(name))),
  ].join('\n')
}

/** Goes on from the rounds that were prepared, whose two results lack the low half of the nonce. */
function rounds(schedule: Schedule): string {
  const roles = variablesAt(ROUNDS_PREPARED)
  const lines = [...VARIABLES, 'xor1'].map((name) => {
    const lacks = name === roles[0] || name === roles[4]
    return set(name, lacks ? add(get(prepared(name)), get('low4')) : get(prepared(name)))
  })
  for (let t = ROUNDS_PREPARED; t < 64; t++) {
    const word = schedule.words[t] as Word
    lines.push(schedule.compute[t] as string)
    lines.push(round(t, 'known' in word ? undefined : get('fixed' in word ? word.fixed : word.varying)))
  }
  return lines.filter((line) => line !== '').join('\n')
}

/** FIPS 180-4, section 6.2.2 step 3. The variables move down by one place a round; here their names do. */
function round(t: number, word?: string): string {
  const [a, b, , d, e, f, g, h] = variablesAt(t)
  const [ab, bc] = t % 2 === 0 ? ['xor0', 'xor1'] : ['xor1', 'xor0']
  const constant = load(CONSTANTS_AT + 4 * t)
  const known = word === undefined ? [get(h), constant] : [get(h), constant, word]
  const majority = xor(get(b), and(tee(ab, xor(get(a), get(b))), get(bc)))
  return [
    set('sum', add(...known, choose(e, f, g), bigSigma1(e))),
    set(d, add(get(d), get('sum'))),
    set(h, add(get('sum'), majority, bigSigma0(a))),
  ].join('\n')
}

type Variables = readonly [string, string, string, string, string, string, string, string]

/** The locals that are a to h before round `t`. */
function variablesAt(t: number): Variables {
  return VARIABLES.map((_, i) => VARIABLES[(i + 64 - t) % 8]) as unknown as Variables
}

const prepared = (name: string): string => `prepared_${name}`

/** Returns the nonce of the first lane whose whole digest meets the target. */
function compareInFull(): string {
  const stores = VARIABLES.map(
    (name, i) => `(v128.store offset=${DIGEST_AT + 16 * i} (i32.const 0) ${add(get(name), load(4 * i))})`,
  )
  const hit = `(i32.add ${get('index')} ${get('lane')})`
  const digestAt = `(i32.or (i32.shl ${get('word')} (i32.const 4)) (i32.shl ${get('lane')} (i32.const 2)))`
  return `${stores.join('\n')}
${set('lane', '(i32.const 0)')}
(loop $lanes
(br_if $none (i32.ge_s ${hit} ${get('count')}))
${set('word', '(i32.const 0)')}
(block $above
(loop $words
${set('digest', `(i32.load offset=${DIGEST_AT} ${digestAt})`)}
${set('target', `(i32.load offset=${TARGET_AT} (i32.shl ${get('word')} (i32.const 2)))`)}
(br_if $above (i32.gt_u ${get('digest')} ${get('target')}))
(if (i32.lt_u ${get('digest')} ${get('target')}) (then (return ${hit})))
(br_if $words (i32.lt_u ${tee('word', `(i32.add ${get('word')} (i32.const 1))`)} (i32.const 8))))
(return ${hit}))
(br_if $lanes (i32.lt_u ${tee('lane', `(i32.add ${get('lane')} (i32.const 1))`)} (i32.const 4))))`
}
