/**
 * Builds the public packages: `npm run build`.
 *
 * packages/<name>/dist/ is then a directory that can be published as it is: lib/ (JavaScript, declarations,
 * source maps), bin/ where there is a command, LICENSE, README.md and a package.json that points at them.
 * The package.json of the checkout points at the sources instead, so nothing is built in development.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** In the order of their imports: a package is compiled against the declarations of those before it. */
const PACKAGES = ['core', 'client', 'node']

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Builds all packages and returns their dist directories. */
export function build(root: string): string[] {
  const versions = Object.fromEntries(
    PACKAGES.map((name) => readManifest(join(root, 'packages', name))).map((it) => [it.name, it.version]),
  )
  return PACKAGES.map((name) => buildPackage(root, join(root, 'packages', name), versions))
}

function buildPackage(root: string, folder: string, versions: Readonly<Record<string, string>>): string {
  const dist = join(folder, 'dist')
  const manifest = readManifest(folder)
  rmSync(dist, { recursive: true, force: true })
  compile(folder)
  rewriteUrls(join(dist, 'lib'))
  for (const path of Object.values(manifest.bin ?? {})) copyCommand(folder, dist, path)
  copyFirst([join(root, 'LICENSE')], join(dist, 'LICENSE'))
  copyFirst([join(folder, 'README.md'), join(root, 'README.md')], join(dist, 'README.md'))
  const published = JSON.stringify(publishedManifest(manifest, versions), null, 2)
  writeFileSync(join(dist, 'package.json'), `${published}\n`)
  return dist
}

function compile(folder: string): void {
  const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc')
  execFileSync(process.execPath, [tsc, '-p', join(folder, 'tsconfig.build.json')], { stdio: 'inherit' })
}

/** TypeScript rewrites imports; the files of worker threads are named by a URL, which it leaves alone. */
function rewriteUrls(lib: string): void {
  for (const path of readdirSync(lib, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.js')) continue
    const text = readFileSync(join(lib, path), 'utf8')
    const built = text.replace(
      /new URL\((['"])(\.[^'"]+)\.ts\1, import\.meta\.url\)/g,
      "new URL('$2.js', import.meta.url)",
    )
    if (built !== text) writeFileSync(join(lib, path), built)
  }
}

/** The command of the checkout imports a source file; the published one imports what was made of it. */
function copyCommand(folder: string, dist: string, path: string): void {
  const text = readFileSync(join(folder, path), 'utf8')
  const built = text.replace(/(['"])\.\.\/src\/([^'"]+)\.ts\1/g, '$1../lib/$2.js$1')
  if (built === text) throw new Error(`${join(folder, path)} imports nothing from ../src/, so it cannot run`)
  mkdirSync(dirname(join(dist, path)), { recursive: true })
  writeFileSync(join(dist, path), built)
  chmodSync(join(dist, path), 0o755)
}

function copyFirst(candidates: readonly string[], to: string): void {
  const from = candidates.find((path) => existsSync(path))
  if (from !== undefined) cpSync(from, to)
}

function publishedManifest(manifest: Manifest, versions: Readonly<Record<string, string>>): object {
  const entries = Object.entries(manifest.exports).map(([key, source]) => {
    const built = source.replace('./src/', './lib/')
    return [key, { types: built.replace(/\.ts$/, '.d.ts'), default: built.replace(/\.ts$/, '.js') }]
  })
  const dependencies = Object.entries(manifest.dependencies ?? {}).map(([name, range]) => [
    name,
    versions[name] ?? range,
  ])
  return {
    ...manifest,
    exports: Object.fromEntries(entries),
    files: manifest.bin === undefined ? ['lib'] : ['lib', 'bin'],
    ...(dependencies.length === 0 ? {} : { dependencies: Object.fromEntries(dependencies) }),
    publishConfig: { access: 'public' },
  }
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

function main(): void {
  for (const dist of build(resolve(import.meta.dirname, '..'))) console.log(`built ${dist}`)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main()
