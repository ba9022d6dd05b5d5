/** The script of the test page: takes the vectors from the server that the page came from and answers it. */
import { loadBrowserCrypto } from '../../src/index.ts'
import { type Vectors, verdictsOn } from './verdicts.ts'

/** What the page reports, once. */
export interface PageReport {
  readonly userAgent: string
  readonly verdicts?: readonly string[]
  readonly error?: string
  /** Directives of the content security policy that were violated. */
  readonly violations: readonly string[]
}

/** The few things of a browser that are used here: the tests are compiled with the types of Node. */
interface Page {
  readonly navigator: { readonly userAgent: string }
  readonly document: {
    addEventListener(
      type: 'securitypolicyviolation',
      listener: (event: { readonly effectiveDirective: string; readonly blockedURI: string }) => void,
    ): void
  }
}

const page = globalThis as unknown as Page
const violations: string[] = []
page.document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`)
})

async function run(): Promise<Pick<PageReport, 'verdicts' | 'error'>> {
  try {
    const vectors = (await (await fetch('/vectors.json')).json()) as Vectors
    return { verdicts: verdictsOn(vectors, await loadBrowserCrypto()) }
  } catch (error) {
    return { error: String(error) }
  }
}

const report: PageReport = { ...(await run()), userAgent: page.navigator.userAgent, violations }
await fetch('/report', { method: 'POST', body: JSON.stringify(report) })
