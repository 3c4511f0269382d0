import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Closes a test run with one plain line, `N passed, N failed, N skipped`, which any CI can read; before it stands why tests
 * were left out.
 */
// oxlint-disable-next-line import/no-default-export -- vitest loads a reporter by its default export
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    // A rejection that was not awaited belongs to no test, and fails the run all the same.
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    const leftOut = new Map<string, number>()
    for (const module of modules) {
      if (module.errors().length > 0) count.failed += 1
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state !== 'pending') count[result.state] += 1
        if (result.state === 'skipped' && result.note) leftOut.set(result.note, (leftOut.get(result.note) ?? 0) + 1)
      }
    }
    for (const [reason, tests] of leftOut)
      console.log(`left out ${tests === 1 ? '1 test' : `${tests} tests`}: ${reason}`)
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  }
}
