// The layers of docs/ARCHITECTURE.md as rules. Run by tools/layers.ts; `npx depcruise packages --config`
// prints the same without the check that every file was looked at.

const PACKAGES = '^(?:packages/[^/]+|sim|bench)/'

/** Folders of packages/core/src: each may import those to its left, itself and the leaf files. */
const CORE_FOLDERS = {
  codec: [],
  entry: ['codec'],
  block: ['codec', 'entry'],
  log: ['codec'],
  wire: ['codec', 'entry', 'block'],
  validation: ['codec', 'entry', 'block', 'log'],
  consensus: ['codec', 'entry', 'block', 'log', 'validation'],
  machine: ['codec', 'entry', 'block', 'log', 'wire', 'validation', 'consensus'],
}

/** What the sources of each package may import of the others, always by package name. */
const PACKAGE_IMPORTS = {
  'packages/core': [],
  'packages/node': ['packages/core'],
  'packages/client': ['packages/core'],
  'packages/explorer': ['packages/core', 'packages/client'],
  sim: ['packages/core', 'packages/node', 'packages/client'],
  bench: ['packages/core', 'packages/node', 'packages/client'],
}

/** Files beside runner.ts: above the adapters, below node.ts. Other files directly in node/src are leaves. */
const NODE_MIDDLE = [
  'runner',
  'entry-checks',
  'ledger-parts',
  'open-ledger',
  'service',
  'join-ledger',
  'rejoin-ledger',
  'networking',
]

const core = 'packages/core/src'
const node = 'packages/node/src'
const middle = NODE_MIDDLE.join('|')

const coreRules = [
  {
    name: 'core-folder-unknown',
    comment: 'Every folder of core has a place in the order. Add a new one to CORE_FOLDERS.',
    from: {},
    to: { path: `^${core}/[^/]+/`, pathNot: `^${core}/(?:${Object.keys(CORE_FOLDERS).join('|')})/` },
  },
  {
    name: 'core-leaf',
    comment: 'The files directly under core/src are leaves (index.ts apart): folders import them.',
    from: { path: `^${core}/[^/]+\\.ts$`, pathNot: `^${core}/index\\.ts$` },
    to: { path: `^${core}/(?:[^/]+/|index\\.ts$)` },
  },
  ...Object.entries(CORE_FOLDERS).map(([folder, allowed]) => ({
    name: `core-${folder}`,
    comment: `core/src/${folder} may import: ${[...allowed, 'leaf files'].join(', ')}.`,
    from: { path: `^${core}/${folder}/` },
    to: {
      path: `^${core}/(?:[^/]+/|index\\.ts$)`,
      pathNot: `^${core}/(?:${[folder, ...allowed].join('|')})/`,
    },
  })),
  {
    name: 'core-has-no-dependencies',
    comment: 'core is pure: nothing of Node, nothing from npm.',
    from: { path: `^${core}/` },
    to: { pathNot: `^${core}/`, couldNotResolve: false },
  },
]

// views/ turns values into text and does nothing else, so terminal, control and cli may share it.
const nodeRules = [
  {
    name: 'node-leaf',
    comment:
      'ports.ts and the other files directly in node/src are leaves, but for NODE_MIDDLE, node and index.',
    from: { path: `^${node}/[^/]+\\.ts$`, pathNot: `^${node}/(?:${middle}|node|index|simulation)\\.ts$` },
    to: { path: `^${node}/(?:[^/]+/|(?:${middle}|node|index|simulation)\\.ts$)` },
  },
  {
    name: 'node-adapters-apart',
    comment: 'An adapter knows the ports, views/ and itself, not another adapter and not what is above.',
    from: { path: `^${node}/(?!cli/)([^/]+)/` },
    to: {
      path: `^${node}/(?:[^/]+/|(?:${middle}|node|index|simulation)\\.ts$)`,
      pathNot: [`^${node}/$1/`, `^${node}/views/`],
    },
  },
  {
    name: 'node-runner',
    comment: 'runner.ts and what is beside it are below node.ts and the command line.',
    from: { path: `^${node}/(?:${middle})\\.ts$` },
    to: { path: `^${node}/(?:(?:node|index|simulation)\\.ts$|cli/)` },
  },
  {
    name: 'node-composition-root',
    comment: 'node.ts is below the command line.',
    from: { path: `^${node}/node\\.ts$` },
    to: { path: `^${node}/(?:index\\.ts$|cli/)` },
  },
]

const packageRules = [
  ...Object.entries(PACKAGE_IMPORTS).map(([from, allowed]) => ({
    name: `package-${from.replace('packages/', '')}`,
    comment: `${from} may import: ${allowed.join(', ') || 'no other package'}.`,
    // Tests compare packages with one another, so only what ships is held to this.
    from: { path: from.startsWith('packages/') ? `^${from}/(?:src|bin)/` : `^${from}/`, pathNot: '/test/' },
    to: { path: PACKAGES, pathNot: `^(?:${[from, ...allowed].join('|')})/` },
  })),
  {
    name: 'package-by-name',
    comment: 'Another package is imported by its name: a relative path reaches its internals.',
    from: { path: '^(packages/[^/]+|sim|bench)/' },
    to: {
      path: '^(?:packages/[^/]+|sim|bench)/',
      pathNot: ['^$1/', '^packages/[^/]+/test/'],
      dependencyTypes: ['local'],
    },
  },
  {
    name: 'package-index-only',
    comment: "Of another package, only src/index.ts exists, and node's entry for simulators.",
    from: { path: '^(packages/[^/]+|sim|bench)/' },
    to: {
      path: '^(?:packages/[^/]+|sim|bench)/',
      pathNot: [
        '^$1/',
        '^packages/[^/]+/src/index\\.ts$',
        '^packages/node/src/simulation\\.ts$',
        '^packages/[^/]+/test/',
      ],
    },
  },
  {
    name: 'src-alone',
    comment: 'Sources ship without tests, tools and benchmarks.',
    from: { path: '^packages/[^/]+/(?:src|bin)/' },
    to: { path: '(?:/test/|^tools/|^bench/|^sim/)' },
  },
]

const generalRules = [
  {
    name: 'no-cycles',
    comment: 'Modules in a cycle can only be understood, loaded and tested together.',
    from: { path: PACKAGES },
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'A module that nothing imports and that imports nothing is left over.',
    from: { orphan: true, path: '^packages/[^/]+/src/', pathNot: '(?:\\.d\\.ts|/index\\.ts)$' },
    to: {},
  },
  {
    name: 'no-unresolved',
    comment: 'The import leads nowhere.',
    from: { pathNot: '^bench/rivals/' }, // a package of its own, which the bench installs when it needs it
    to: { couldNotResolve: true },
  },
  {
    name: 'no-undeclared-dependencies',
    comment: 'What src imports is in "dependencies" or "optionalDependencies" of its own package.json.',
    from: { path: '^packages/[^/]+/(?:src|bin)/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
  },
]

export default {
  forbidden: [...coreRules, ...nodeRules, ...packageRules, ...generalRules].map((rule) => ({
    severity: 'error',
    ...rule,
  })),
  options: {
    // dependency-cruiser reads TypeScript with typescript below 7 or with swc; with typescript 7 alone it
    // would skip every .ts file without a word.
    parser: 'swc',
    tsPreCompilationDeps: true,
    exclude: { path: '(?:^|/)(?:dist|coverage)/' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
}
