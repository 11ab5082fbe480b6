import { defineConfig } from 'vitest/config';

/** What others hold a server on a hostile network to, and fuzzing: `npm run conformance`, a step of its own beside `npm test`. */
const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    include: ['test/conformance/**/*.conformance.ts'],
    // Fuzzing for an hour is one test.
    testTimeout: 4_000_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 50_000 } },
    maxWorkers: 2,
    reporters: ['default'],
  },
});

export default config;
