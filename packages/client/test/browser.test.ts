import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { loadCrypto } from 'pulseledger'
import { expect, test } from 'vitest'
import { edgeCaseVectors, rfc8032Vectors, wycheproofVectors } from '../../core/test/crypto/vectors.ts'
import { loadBrowserCrypto } from '../src/index.ts'
import { launchChromium } from './browser/chromium.ts'
import type { PageReport } from './browser/entry.ts'
import { bundlePage, servePage } from './browser/page-server.ts'
import { type Vectors, verdictsOn } from './browser/verdicts.ts'

function publishedVectors(): Vectors {
  const file = new URL('../../../testdata/vectors/merkle-tree.json', import.meta.url)
  const { leaves } = JSON.parse(readFileSync(file, 'utf8')) as { leaves: string[] }
  const verification = [...wycheproofVectors(), ...edgeCaseVectors()]
  return { signing: rfc8032Vectors(), verification, leaves }
}

function digest(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

/** Unpacking and starting a browser takes 3 s alone and many times that beside other work. */
const BROWSER_TIMEOUT_MS = 60_000

test(
  'Chromium decides as Node does about every vector, under a strict policy',
  async () => {
    const vectors = publishedVectors()
    const expected = verdictsOn(vectors, await loadCrypto('node'))
    for (const { name, valid } of vectors.verification) expect(expected).toContain(`${name}: ${valid}`)
    expect(digest(verdictsOn(vectors, await loadCrypto('sodium')))).toBe(digest(expected))
    expect(digest(verdictsOn(vectors, await loadBrowserCrypto()))).toBe(digest(expected))

    const { report, directory } = await runInChromium(vectors)
    expect(report.error).toBeUndefined()
    expect(report.violations).toEqual([])
    expect(report.userAgent).toContain('Chrome')
    expect(report.verdicts).toEqual(expected)
    expect(digest(report.verdicts ?? [])).toBe(digest(expected))
    expect(existsSync(directory), 'temporary files are gone').toBe(false)
  },
  BROWSER_TIMEOUT_MS,
)

interface Run {
  readonly report: PageReport
  /** Where the browser's temporary files were. */
  readonly directory: string
}

async function runInChromium(vectors: Vectors): Promise<Run> {
  const server = await servePage(await bundlePage(), vectors)
  try {
    const chromium = await launchChromium()
    try {
      const page = await chromium.browser.newPage()
      const failed = new Promise<never>((_, reject) => {
        page.on('pageerror', reject)
        page.on('crash', () => reject(new Error('the page crashed')))
      })
      await page.goto(server.url)
      return { report: await Promise.race([server.report, failed]), directory: chromium.directory }
    } finally {
      await chromium.close()
    }
  } finally {
    await server.close()
  }
}
