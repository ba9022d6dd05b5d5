/** Headless Chromium from an npm package, unpacked for one test and removed after it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflate } from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

export interface TestBrowser {
  readonly browser: Browser
  /** Where everything temporary is until it is closed. */
  readonly directory: string
  close(): Promise<void>
}

/**
 * Starts the packaged Chromium, which is for Linux on x64; elsewhere CHROMIUM_PATH must name another one. All
 * temporary files of the package, of playwright and of the browser are in one directory of ours.
 */
export async function launchChromium(): Promise<TestBrowser> {
  const directory = await mkdtemp(join(tmpdir(), 'pulseledger-browser-'))
  const restore = replaceTemporaryDirectory(directory)
  const cleanUp = async (): Promise<void> => {
    restore()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const { executablePath, env } = await locate()
    // The page is ours, and as root, which CI often is, Chromium starts no other way.
    const browser = await chromium.launch({ executablePath, env, args: ['--no-sandbox'] })
    return {
      browser,
      directory,
      async close() {
        await browser.close()
        await cleanUp()
      },
    }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

async function locate(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter((it): it is [string, string] => it[1] !== undefined),
  )
  const given = process.env.CHROMIUM_PATH
  if (given !== undefined) return { executablePath: given, env: inherited }
  const packaged = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..', 'bin')
  const [executablePath, libraries] = await Promise.all([
    inflate(join(packaged, 'chromium.br')),
    // What Chromium links to and a bare server has not: NSS, NSPR and others.
    inflate(join(packaged, 'al2023.tar.br')),
  ])
  const paths = [join(libraries, 'lib'), inherited.LD_LIBRARY_PATH]
  return { executablePath, env: { ...inherited, LD_LIBRARY_PATH: paths.filter(Boolean).join(':') } }
}

function replaceTemporaryDirectory(directory: string): () => void {
  const before = process.env.TMPDIR
  process.env.TMPDIR = directory
  return () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}
