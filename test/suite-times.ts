import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with the time of each suite, slowest first, and one line that counts. */
export default class SuiteTimes implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const suites = modules.map((module) => ({ name: module.relativeModuleId, ...measure(module) }))
    const total = { passed: 0, failed: 0, skipped: 0 }
    console.log('\nTime of each suite:')
    for (const suite of suites.sort((a, b) => b.seconds - a.seconds)) {
      console.log(`${suite.seconds.toFixed(2).padStart(8)} s  ${suite.name} (${suite.passed + suite.failed} tests)`)
      total.passed += suite.passed
      total.failed += suite.failed
      total.skipped += suite.skipped
    }
    const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
    console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
  }
}

function measure(module: TestModule) {
  const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
  for (const test of module.children.allTests()) counts[test.result().state] += 1
  // a file that did not load has no test that could fail
  if (module.state() === 'failed' && counts.failed === 0) counts.failed = 1
  const { duration, collectDuration, setupDuration } = module.diagnostic()
  return { ...counts, seconds: (duration + collectDuration + setupDuration) / 1000 }
}
