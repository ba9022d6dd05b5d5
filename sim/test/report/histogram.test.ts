import { describe, expect, test } from 'vitest'
import { distributionLines, distributionPlot, rawDistributions } from '../../report/distributions.ts'
import { Figures, MEASURES } from '../../report/figures.ts'
import { histograms } from '../../report/histogram.ts'

const run = {
  ...{ eventCount: 10, simulatedMs: 3_600_000, blockCount: 8, orphanCount: 2, splitCount: 0 },
  distributions: {
    reorgDepth: [
      [1, 6],
      [2, 3],
      [900, 1],
    ],
    convergence: [
      [0, 1],
      [2_500, 1],
    ],
    orphanRate: [[250, 1]],
    inclusion: [
      [3, 99],
      [12_000, 1],
    ],
  },
} as const

function figures(): Figures {
  const all = new Figures()
  all.add(run)
  return all
}

describe('a plot of distributions', () => {
  test('is well-formed XML', () => {
    expect(elementsOf(distributionPlot(figures(), 'a < b & "c"'))).toContain('svg')
    expect(elementsOf(distributionPlot(new Figures(), 'nothing'))).toContain('svg')
  })

  test('says what it shows, in which unit, and from which values', () => {
    const plot = distributionPlot(figures(), 'some seeds')
    for (const { title, per, unit } of MEASURES) {
      expect(plot).toContain(`>${title}</text>`)
      expect(plot).toContain(`>${unit}, for each ${per}</text>`)
    }
    expect(plot).toContain('>some seeds</text>')
    expect(plot).toContain('10 in all: p50 1, p99 900, max 900 blocks')
    expect(plot).toContain('100 in all: p50 0.003, p99 0.003, max 12 s')
  })

  test('counts each value in the bar that begins at or below it', () => {
    const plot = distributionPlot(figures(), '')
    const tips = [...plot.matchAll(/<title>from (\S+) (\S+): (\S+) %/g)].map(([, from, unit, share]) => {
      return `${from} ${unit} ${share}`
    })
    const filled = tips.filter((tip) => !tip.endsWith(' 0'))
    expect(filled).toEqual([
      ...['1 blocks 60', '2 blocks 30', '400 blocks 10', '0 s 50', '2 s 50'],
      ...['25 % 100', '0 s 99', '10 s 1'],
    ])
  })

  test('follows the theme of its reader, and loads and runs nothing', () => {
    const plot = distributionPlot(figures(), '')
    expect(plot).toContain('prefers-color-scheme: dark')
    expect(plot).not.toMatch(/<script|href=|url\(|@import/)
  })

  test('has words that mean something in XML as words', () => {
    const bars = [{ label: '<1', share: 1 }]
    const panel = { title: 'a&b', note: '"', what: '<', unit: '>', bars }
    const plot = histograms({ title: '<x>', subtitle: '', panels: [panel] })
    expect(elementsOf(plot)).not.toContain('x')
    expect(plot).toContain('&lt;x&gt;')
  })
})

describe('a report of distributions', () => {
  test('has a row for each measure with count and percentiles, in its unit', () => {
    const rows = distributionLines(figures()).map((line) => line.trim().split(/\s{2,}/))
    expect(rows).toEqual([
      ['count', 'p50', 'p90', 'p99', 'max', 'unit'],
      ['Reorg depth', '10', '1', '2', '900', '900', 'blocks'],
      ['Time to converge', '2', '0', '2.5', '2.5', '2.5', 's'],
      ['Orphan rate', '1', '25', '25', '25', '25', '%'],
      ['Time to inclusion', '100', '0.003', '0.003', '0.003', '12', 's'],
    ])
  })

  test('keeps every value with its count', () => {
    expect(rawDistributions(figures())).toMatchObject({
      reorgDepth: { unit: 'blocks', unitsPerValue: 1, counts: run.distributions.reorgDepth },
      inclusion: { unit: 's', unitsPerValue: 0.001, counts: run.distributions.inclusion },
    })
  })
})

/** The names of all elements; throws where the text is not well-formed. */
function elementsOf(xml: string): string[] {
  const names: string[] = []
  const open: string[] = []
  const tag = /<(\/?)([a-z]+)((?:\s+[a-zA-Z][\w:-]*="[^"<>]*")*)\s*(\/?)>/y
  for (let at = 0; at < xml.length; ) {
    if (xml[at] !== '<') {
      const rest = /^[^<]+/.exec(xml.slice(at))?.[0] ?? ''
      if (/&(?!(?:amp|lt|gt|quot);)|>/.test(rest)) throw new Error(`not escaped: ${rest}`)
      if (open.length === 0 && rest.trim() !== '') throw new Error(`outside of the root: ${rest}`)
      at += rest.length
      continue
    }
    tag.lastIndex = at
    const [whole, isEnd, name = '', , isEmpty] = tag.exec(xml) ?? []
    if (whole === undefined) throw new Error(`no tag: ${xml.slice(at, at + 80)}`)
    if (isEnd === '/' && open.pop() !== name) throw new Error(`</${name}> ends another element`)
    if (isEnd === '') names.push(name)
    if (isEnd === '' && isEmpty === '') open.push(name)
    at += whole.length
  }
  if (open.length > 0) throw new Error(`not ended: ${open.join()}`)
  return names
}
