import { isCode, isTest, type SourceFile } from './files.ts'

interface Marker {
  readonly pattern: RegExp
  readonly message: string
  readonly applies: (path: string) => boolean
}

const everywhere = (): boolean => true
const inSources = (path: string): boolean => isCode(path) && /^packages\/[^/]+\/(?:src|bin)\//.test(path)
const inTests = (path: string): boolean => isCode(path) && isTest(path)

// The classes with one letter keep these patterns from finding themselves.
const MARKERS: readonly Marker[] = [
  {
    pattern: /\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/,
    message: 'leftover marker: do it, or open an issue',
    applies: everywhere,
  },
  { pattern: /^\s*debugge[r]\b/, message: 'leftover debugger statement', applies: isCode },
  { pattern: /\.(?:onl[y]|ski[p]|tod[o])\(/, message: 'test switched off or alone', applies: inTests },
  {
    pattern: /\bconsol[e]\.(?:log|debug|info|table|dir|trace)\(/,
    message: 'write through a port',
    applies: inSources,
  },
  {
    pattern: /(?<![\w.:*-])\/(?:wor[k]|hom[e]|roo[t])\//,
    message: 'path of one machine: make it relative',
    applies: everywhere,
  },
  {
    pattern:
      /\bregistr[y]\.(?:npmjs|npmmirror|yarnpkg)\.|\/\/(?:registr[y]|artifactor[y]|nexu[s]|verdacci[o])\./,
    message: 'name of a registry: leave the choice to npm',
    applies: everywhere,
  },
]

/** Leftovers of work in progress and of the machine it was done on. */
export function checkMarkers(file: SourceFile): string[] {
  const markers = MARKERS.filter(({ applies }) => applies(file.path))
  const problems = file.lines.flatMap((line, index) =>
    markers
      .filter(({ pattern }) => pattern.test(line))
      .map(({ message }) => `${file.path}:${index + 1}: ${message}: ${line.trim().slice(0, 80)}`),
  )
  return [...problems, ...checkLock(file)]
}

/** Workspaces are links with a relative address; anything else in "resolved" is a download address. */
function checkLock(file: SourceFile): string[] {
  if (!/(?:^|\/)package-lock\.json$/.test(file.path)) return []
  return file.lines.flatMap((line, index) =>
    /"resolved": "[^"]*:/.test(line) ? [`${file.path}:${index + 1}: download address: see .npmrc`] : [],
  )
}
