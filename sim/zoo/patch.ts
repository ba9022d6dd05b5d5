import { readFileSync } from 'node:fs'
import type { Bug, Edit } from './bug.ts'

const PACKAGES = new URL('../../packages/', import.meta.url)

/**
 * `source` with its one `find` replaced. It throws when there is none, or several: the product has changed,
 * and what is planted would be another bug than the one that is described, or none at all.
 */
export function patched(source: string, { file, find, replace }: Edit): string {
  const count = source.split(find).length - 1
  if (count === 1) return source.replace(find, () => replace)
  throw new Error(`packages/${file} has ${count} places, not one, that read: ${find}`)
}

/** The files of a bug as they are loaded in the place of the product's, by URL. */
export function plantedSources({ edits }: Pick<Bug, 'edits'>, packages = PACKAGES): Map<string, string> {
  const sources = new Map<string, string>()
  for (const edit of edits) {
    const { href } = new URL(edit.file, packages)
    const source = sources.get(href) ?? readFileSync(new URL(href), 'utf8')
    sources.set(href, patched(source, edit))
  }
  return sources
}
