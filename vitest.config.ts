import { defineConfig } from 'vitest/config'

const major = Number(process.versions.node.split('.')[0])
if (major !== 24) {
  throw new Error(
    `tests run under Node 24, this is ${process.version}: start them with "npm test" or "npx vitest", ` +
      'which put the devDependency node@24 first on the path',
  )
}

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'tools/test/**/*.test.ts',
      'bench/test/**/*.test.ts',
      'sim/test/**/*.test.ts',
    ],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    // A test that fails now and then is a defect: it is never tried again.
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', './tools/summary-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
