#!/usr/bin/env node
// Plain JavaScript without top-level await, so that an old Node prints a sentence instead of a syntax error.
const major = Number(process.versions.node.split('.')[0])

if (major < 24) {
  console.error(
    `pulseledger needs Node 24 or newer and this is Node ${process.versions.node}: ` +
      'install Node 24, or run it with "npx -p node@24 -p pulseledger pulseledger".',
  )
  process.exitCode = 2
} else {
  void import('../src/cli/main.ts').then(({ main }) => main(process.argv.slice(2)))
}
