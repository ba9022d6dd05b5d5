import { describe, expect, test } from 'vitest'
import { NetworkWatch } from '../../src/exchange/network-watch.ts'
import { NODE_LIMITS } from '../../src/limits.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

function watching(expectsPeers: boolean | 'certainly') {
  const clock = new VirtualClock()
  const told: string[] = []
  const sync = { isBehind: false, ahead: new Set<string>() }
  const watch = new NetworkWatch({
    clock,
    expectsPeers,
    isBehind: () => sync.isBehind,
    isAhead: (peer) => sync.ahead.has(peer),
    dispatch: (event) => {
      if (event.kind === 'network') told.push(`${event.peerCount}${event.isBehind ? ' behind' : ''}`)
    },
  })
  watch.start()
  return { watch, told, sync, clock }
}

describe('what the ledger is told of the network', () => {
  test('is what changed, and nothing twice', () => {
    const { watch, told, sync } = watching(false)
    watch.onPeer('ann')
    watch.update()
    sync.isBehind = true
    watch.update()
    watch.onStatusOver('ann', true)
    sync.isBehind = false
    watch.update()
    watch.onPeerGone('ann')
    expect(told).toEqual(['1', '1 behind', '1', '0'])
  })

  test('is that it is behind until a peer was heard that is not ahead', () => {
    const { watch, told, sync } = watching(true)
    watch.onPeer('ann')
    sync.ahead.add('ann')
    watch.onStatusOver('ann', true)
    sync.ahead.clear()
    watch.update()
    expect(told).toEqual(['0 behind', '1 behind', '1'])
  })

  test('is that it is alone when nobody came in the grace time', () => {
    const { watch, told, clock } = watching(true)
    clock.advance(NODE_LIMITS.peerGraceMs - 1)
    expect(told).toEqual(['0 behind'])
    clock.advance(1)
    expect(told).toEqual(['0 behind', '0'])
    watch.stop()
    expect(clock.timerCount).toBe(0)
  })

  test('is that it is behind until somebody was heard, however long, when peers are certain to come', () => {
    const { watch, told, clock } = watching('certainly')
    clock.advance(NODE_LIMITS.peerGraceMs * 100)
    watch.onPeer('ann')
    watch.onStatusOver('ann', false)
    expect(told).toEqual(['0 behind', '1 behind'])
    watch.onStatusOver('ann', true)
    expect(told).toEqual(['0 behind', '1 behind', '1'])
    expect(clock.timerCount).toBe(0)
  })

  test('waits for a peer that came in the grace time, but not for one that never answers', () => {
    const { watch, told, clock } = watching(true)
    watch.onPeer('ann')
    watch.onPeer('bob')
    clock.advance(NODE_LIMITS.peerGraceMs)
    watch.onStatusOver('ann', false)
    expect(told.at(-1)).toBe('2 behind')
    watch.onStatusOver('bob', false)
    expect(told.at(-1)).toBe('2')
  })

  test('is that it is alone when the only peer left after the grace time without a word', () => {
    const { watch, told, clock } = watching(true)
    watch.onPeer('ann')
    clock.advance(NODE_LIMITS.peerGraceMs)
    watch.onPeerGone('ann')
    expect(told.at(-1)).toBe('0')
  })
})
