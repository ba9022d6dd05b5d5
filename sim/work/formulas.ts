/**
 * What theory says of selfish mining and of double spending.
 *
 * Eyal, Sirer: Majority is not enough (2014), equation 8. Nakamoto: Bitcoin (2008), section 11. Rosenfeld:
 * Analysis of hashrate-based double spending (2014), theorem 1.
 */

/**
 * A selfish miner's share of the blocks on the chain, with the share `alpha` of the power, when the share
 * `gamma` of the others goes with its block in a race. 0 < alpha < 1/2
 */
export function selfishShare(alpha: number, gamma: number): number {
  const won = alpha * (1 - alpha) ** 2 * (4 * alpha + gamma * (1 - 2 * alpha)) - alpha ** 3
  return won / (1 - alpha * (1 + (2 - alpha) * alpha))
}

/**
 * The same of one that withholds a first block only when its hash is in the `lowest` part of all hashes, and
 * tells of the others at once. Blocks won and lost from one agreement of all to the next, on average.
 */
export function choosySelfishShare(alpha: number, lowest: number): number {
  const beta = 1 - alpha
  // The honest block in the race has any hash, its own one is uniform in [0, lowest).
  const gamma = 1 - lowest / 2
  // Two ahead it wins all; the walk from there to one ahead takes 1 / (1 - 2 alpha) blocks of both.
  const ahead = alpha * (2 + alpha / (1 - 2 * alpha))
  const withheld = ahead + beta * (2 * alpha + beta * gamma)
  const own = alpha * (lowest * withheld + 1 - lowest)
  const theirs = beta + alpha * lowest * beta ** 2 * (2 - gamma)
  return own / (own + theirs)
}

/** The part of all hashes that is best withheld, in steps of 0.05. */
export function bestLowest(alpha: number): number {
  let best = 0
  for (let step = 1; step <= 20; step++) {
    if (choosySelfishShare(alpha, step / 20) > choosySelfishShare(alpha, best / 20)) best = step
  }
  return best / 20
}

/**
 * That who has the share `q` of the power undoes a block with `z` confirmations, itself included, having one
 * block more than nothing when it begins, and ends with the longer chain. Exact.
 */
export function rosenfeld(q: number, z: number): number {
  return overtakes(q, z, 1)
}

/**
 * The same where the lower hash decides between equal chains, and who attacks tells of its chain when it is
 * equal and wins so.
 */
export function rosenfeldByHash(q: number, z: number): number {
  return overtakes(q, z, tieWorth(q))
}

/**
 * Nakamoto's approximation: as many blocks are found meanwhile as a Poisson process finds in the time that z
 * blocks should take.
 */
export function nakamoto(q: number, z: number): number {
  const p = 1 - q
  if (q >= p) return 1
  const lambda = (z * q) / p
  let poisson = Math.exp(-lambda)
  let fails = 0
  for (let found = 0; found <= z; found++) {
    fails += poisson * (1 - (q / p) ** (z - found))
    poisson *= lambda / (found + 1)
  }
  return 1 - fails
}

/**
 * What coming to a tie is worth where the lower hash wins. Half of the ties are won at once; after the others
 * the next block is its own, and it is ahead, or it is one behind and must come to a tie again.
 *
 *   worth = 1/2 + 1/2 (q + p (q/p) worth)
 */
function tieWorth(q: number): number {
  return (1 + q) / (2 - q)
}

/**
 * `found` blocks while the others find z is negative binomial. Being ahead by then is a success; a tie with
 * its head start of one is when it found z - 1. From d behind a tie it ever comes to it with (q/p)^d.
 */
function overtakes(q: number, z: number, worth: number): number {
  const p = 1 - q
  if (q >= p) return 1
  let probability = p ** z
  let behind = 0
  for (let found = 0; found < z; found++) {
    const deficit = z - 1 - found
    // From a tie that is worth nothing in itself it comes ahead with q/p.
    const fromTie = worth === 1 ? q / p : worth
    behind += probability * (1 - (q / p) ** deficit * fromTie)
    probability *= (q * (z + found)) / (found + 1)
  }
  return 1 - behind
}
