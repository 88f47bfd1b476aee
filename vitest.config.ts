import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{core,functions,infra,scripts,test}/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    reporters: ['default', './test/suite-times.ts'],
    // files share one Redis and one Postgres under names of their own; two cores are all that CI has
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // a condition that tests wait for is met within milliseconds, or not at all
    expect: { poll: { interval: 10, timeout: 10_000 } },
  },
})
