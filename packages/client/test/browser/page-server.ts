/** The server of the test page: loopback only, three files and one answer. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { PageReport } from './entry.ts'
import type { Vectors } from './verdicts.ts'

/** As strict as a page that runs WebAssembly can be. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; base-uri 'none'"

export interface PageServer {
  readonly url: string
  /** What the page reported. */
  readonly report: Promise<PageReport>
  close(): Promise<void>
}

/** One module with everything that the page runs, as a bundler makes it for a browser. */
export async function bundlePage(): Promise<string> {
  const bundled = await build({
    entryPoints: [fileURLToPath(new URL('./entry.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    logLevel: 'silent',
  })
  return bundled.outputFiles[0]?.text ?? ''
}

export async function servePage(script: string, vectors: Vectors): Promise<PageServer> {
  const report = Promise.withResolvers<PageReport>()
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '/': [
      'text/html',
      '<!doctype html><title>vectors</title><script type="module" src="/entry.js"></script>',
    ],
    '/entry.js': ['text/javascript', script],
    '/vectors.json': ['application/json', JSON.stringify(vectors)],
  }
  const server = createServer(async (request, response) => {
    response.setHeader('content-security-policy', POLICY)
    if (request.method === 'POST') report.resolve(JSON.parse(await bodyOf(request)) as PageReport)
    const [type, body] = files[request.url ?? ''] ?? ['text/plain', '']
    response.setHeader('content-type', `${type}; charset=utf-8`)
    response.statusCode = request.method === 'POST' || body !== '' ? 200 : 404
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    report: report.promise,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
