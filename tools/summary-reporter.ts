import type { Reporter, TestModule } from 'vitest/node'

/** Closes a test run with one plain line, "N passed, N failed", for people and scripts alike. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const states = modules.flatMap(({ children }) =>
      [...children.allTests()].map((test) => test.result().state),
    )
    const passed = states.filter((state) => state === 'passed').length
    // What fails outside of a test counts too: a file that does not load, a hook, a promise nobody awaits.
    const places = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const brokenPlaces = places.filter((place) => place.errors().length > 0).length
    const failed = states.filter((state) => state === 'failed').length + brokenPlaces + unhandledErrors.length
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  }
}
