import { defineConfig } from 'vitest/config';

/**
 * Each folder under `test/` is a suite that runs alone: `npx vitest run test/routing`.
 * Suites that drive Apache or Python processes get a longer limit per test; nothing sleeps to fill it.
 */
const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    benchmark: { include: ['test/**/*.bench.ts'] },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is polled for comes or does not: the bound only has the test itself say what was missing, before its own limit.
    expect: { poll: { timeout: 50_000 } },
    maxWorkers: 2,
    // The built program, which benchmarks measure, runs as it is.
    server: { deps: { external: [/\/dist\/(?:src|test)\//] } },
    reporters: ['default'],
  },
});

export default config;
