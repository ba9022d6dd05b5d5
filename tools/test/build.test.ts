import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { build } from '../build.ts'
import { makeTree } from './support/tree.ts'

const ROOT = resolve(import.meta.dirname, '../..')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** What `npm install` of the packed packages makes, without a network: third-party packages are links. */
function install(dists: readonly string[]): string {
  const project = makeTree({ 'package.json': '{ "name": "empty", "private": true, "type": "module" }' })
  execFileSync('npm', ['pack', ...dists, '--pack-destination', project], { cwd: project, stdio: 'ignore' })
  for (const dist of dists) {
    const manifest = manifestOf(dist)
    const folder = join(project, 'node_modules', manifest.name)
    const tarball = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`
    mkdirSync(folder, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder], { cwd: project })
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      linkThirdParty(project, name, dirname(dist))
    }
  }
  return project
}

function linkThirdParty(project: string, name: string, from: string): void {
  const link = join(project, 'node_modules', name)
  const target = [from, ROOT]
    .map((folder) => join(folder, 'node_modules', name))
    .find((path) => existsSync(path))
  if (name.startsWith('@pulseledger/') || existsSync(link) || target === undefined) return
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(target, link)
}

describe('build', () => {
  let dists: string[] = []
  beforeAll(() => {
    dists = build(ROOT)
  })

  test('the packed packages, installed together, give a working command', () => {
    const project = install(dists)
    const bin = join(project, 'node_modules/pulseledger/bin/pulseledger.js')
    const { stdout, stderr, status } = spawnSync(process.execPath, [bin, '--version'], { encoding: 'utf8' })
    expect({ stdout: stdout.trim(), stderr, status }).toEqual({
      stdout: manifestOf(join(ROOT, 'packages/node')).version,
      stderr: '',
      status: 0,
    })
  })

  test('every packed package can be imported and has declarations that compile', () => {
    const project = install(dists)
    const names = dists.map((dist) => manifestOf(dist).name)
    const text = names.map((name, index) => `export * as p${index} from '${name}'\n`).join('')
    writeFileSync(join(project, 'all.ts'), text)
    execFileSync(process.execPath, ['all.ts'], { cwd: project })
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const options = '--noEmit --strict --module nodenext --lib ES2024,DOM --types node all.ts'.split(' ')
    symlinkSync(join(ROOT, 'node_modules/@types'), join(project, 'node_modules/@types'))
    expect(spawnSync(process.execPath, [tsc, ...options], { cwd: project, encoding: 'utf8' }).stdout).toBe('')
  })

  test.each(['core', 'client', 'node'])('%s ships its licence, and no source but inside of maps', (name) => {
    const dist = join(ROOT, 'packages', name, 'dist')
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    expect(files).toContain('LICENSE')
    expect(files).toContain(join('lib', 'index.d.ts'))
    expect(files.filter((path) => /(?<!\.d)\.ts$/.test(path))).toEqual([])
    const code = files
      .filter((path) => path.endsWith('.js'))
      .map((path) => readFileSync(join(dist, path), 'utf8'))
    expect(code.filter((text) => /(?:from |import\(|URL\()'[^']+\.ts'/.test(text))).toEqual([])
  })
})

test('the command names the remedy when Node is too old, and exits with 2', () => {
  const bin = join(ROOT, 'packages/node/bin/pulseledger.js')
  const old =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })"
  const preload = `data:text/javascript,${encodeURIComponent(old)}`
  const { stderr, status } = spawnSync(process.execPath, ['--import', preload, bin], { encoding: 'utf8' })
  expect(stderr).toMatch(
    /^pulseledger needs Node 24 or newer and this is Node 20\.20\.2: install Node 24, or .*\n$/,
  )
  expect(status).toBe(2)
})
