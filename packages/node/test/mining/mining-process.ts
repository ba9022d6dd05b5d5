/** A process that has nothing to do but mine, and says so. See `mining-pool.test.ts`. */
import { systemClock } from '../../src/adapters/clock.ts'
import { MiningPool } from '../../src/mining/mining-pool.ts'

const pool = new MiningPool({ threads: 2, clock: systemClock })
await pool.start()
void pool.mine({ prefix: new Uint8Array(64), target: new Uint8Array(32) })
console.log('mining')
