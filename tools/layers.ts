/**
 * Checks the imports between layers: `npm run check:layers`.
 *
 * The rules are in .dependency-cruiser.mjs. This adds what the tool alone does not promise: that it looked at
 * every source file. A parser that is missing or a path that moved makes it look at nothing and report no
 * violation, which would read as success.
 */
import { existsSync, globSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  cruise,
  getAvailableTranspilers,
  type ICruiseOptions,
  type ICruiseResult,
  type IFlattenedRuleSet,
} from 'dependency-cruiser'

const ROOTS = ['packages', 'sim', 'bench', 'tools']
const RULES = new URL('../.dependency-cruiser.mjs', import.meta.url)

interface LayersReport {
  readonly problems: readonly string[]
  /** Modules of the repository that were looked at (packages from npm not counted). */
  readonly modulesCount: number
}

interface RuleFile {
  readonly forbidden: NonNullable<IFlattenedRuleSet['forbidden']>
  readonly options: ICruiseOptions
}

/** Every violated rule and every file under packages/<name>/src that was not looked at. */
export async function checkLayers(root: string): Promise<LayersReport> {
  const sources = globSync('packages/*/{src,bin}/**/*.{ts,js}', { cwd: root }).sort()
  if (sources.length === 0) {
    return { problems: [`no source file under ${join(root, 'packages/*/src')}`], modulesCount: 0 }
  }
  // Without swc it would fall back to a parser of JavaScript, which does not see imports of types.
  if (!getAvailableTranspilers().some(({ name, available }) => name === 'swc' && available)) {
    return { problems: ['dependency-cruiser cannot find @swc/core: run npm ci'], modulesCount: 0 }
  }
  const rules = ((await import(RULES.href)) as { default: RuleFile }).default
  const result = await cruise(
    ROOTS.filter((folder) => existsSync(join(root, folder))),
    { ...rules.options, baseDir: resolve(root), validate: true, ruleSet: { forbidden: rules.forbidden } },
  )
  const output = result.output as ICruiseResult
  const seen = new Set(output.modules.map((module) => module.source))
  const missed = sources.filter((path) => !seen.has(path)).map((path) => `not looked at: ${path}`)
  const reasons = new Map(rules.forbidden.map(({ name, comment }) => [name, comment]))
  const broken = output.summary.violations.map(({ rule, from, to, cycle }) => {
    const way = cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> ')
    return `${rule.name}: ${from} -> ${way}\n    ${reasons.get(rule.name) ?? ''}`
  })
  const modulesCount = output.modules.filter(({ source }) => !source.includes('node_modules/')).length
  return { problems: [...missed, ...broken], modulesCount }
}

async function main(): Promise<void> {
  const { problems, modulesCount } = await checkLayers(resolve(import.meta.dirname, '..'))
  for (const problem of problems) console.error(problem)
  console.log(`layers: ${modulesCount} modules, ${problems.length} problems`)
  if (problems.length > 0) process.exitCode = 1
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
