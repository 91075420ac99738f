import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './scripts/remarks-reporter.ts'],
    // Two cores: two test files at a time, each in its own process, because trainers and loggers keep global state.
    pool: 'forks',
    maxWorkers: 2,
    // Patience costs nothing where nothing hangs, and a busy machine is no fault of what is tested.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // Real processes on a shared machine: one more try, which the reporter tells of. Whoever works at a test sees its first
    // try, and a property that was found not to hold does not hold because of another seed.
    retry: { count: process.env['CI'] === 'true' ? 1 : 0, condition: /^(?!Property failed)/ },
  },
});

export default config;
