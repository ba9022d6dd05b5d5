/**
 * Completes package-lock.json: `npm run lock`, after `npm install` changed it.
 *
 * A tool with a native part names one optional package per platform. A registry mirror that holds only some
 * platforms makes npm leave the others out of the lock file, and `npm ci` then refuses the file as out of
 * step, on this machine and on every other. Their versions are exact in the package that names them, and
 * their platform is in their name, so the missing entries can be written without asking a registry. They
 * carry no integrity hash: nothing here has seen their bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Entry {
  readonly version?: string
  readonly cpu?: readonly string[]
  readonly dev?: boolean
  readonly libc?: readonly string[]
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type Packages = Readonly<Record<string, Entry>>

const OS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

/** The packages of a lock file with an entry for every platform that some package names. */
export function completeLock(packages: Packages): Packages {
  const missing = Object.entries(packages).flatMap(([path, { dev, optionalDependencies }]) =>
    path.startsWith('node_modules/')
      ? Object.entries(optionalDependencies ?? {}).flatMap(([name, version]) =>
          platformEntry(packages, path, name, version, dev === true),
        )
      : [],
  )
  const all = [...Object.entries(packages), ...missing]
  return Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b, 'en')))
}

function platformEntry(
  packages: Packages,
  parent: string,
  name: string,
  version: string,
  dev: boolean,
): [string, Entry][] {
  const words = (name.split('/').at(-1) ?? '').split('-')
  const os = words.filter((word) => OS.includes(word))
  const cpu = words.filter((word) => CPU.includes(word))
  if (os.length !== 1 || !/^\d+\.\d+\.\d+/.test(version)) return []
  const nested = `${parent}/node_modules/${name}`
  const hoisted = `node_modules/${name}`
  if (packages[nested] !== undefined || packages[hoisted]?.version === version) return []
  const path = packages[hoisted] === undefined ? hoisted : nested
  const libc = words.flatMap((word) =>
    word.startsWith('musl') ? ['musl'] : word.startsWith('gnu') ? ['glibc'] : [],
  )
  const entry: Entry = {
    version,
    ...(cpu.length === 1 ? { cpu } : {}),
    ...(dev ? { dev } : {}),
    ...(libc.length === 1 ? { libc } : {}),
    optional: true,
    os,
  }
  return [[path, entry]]
}

function main(): void {
  const path = resolve(import.meta.dirname, '../package-lock.json')
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Packages }
  const packages = completeLock(lock.packages)
  writeFileSync(path, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`)
  console.log(`lock: ${Object.keys(packages).length - Object.keys(lock.packages).length} entries added`)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main()
