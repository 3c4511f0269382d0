import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'

export default defineConfig({
  // The examples import the package by its name; here that is its source.
  resolve: { alias: [{ find: /^llm-batch$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) }] },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    // The files of a worker share what it has loaded: loading it for each of two hundred files took longer than many of
    // them. Nothing of ours is mocked, and every test leaves its process as it found it.
    isolate: false,
    // Two more than there are cores, since most tests wait for processes and servers now and then.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    // Ends what hangs, and nothing else: with other programs at work a test may take ten times as long as alone.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 240_000, interval: 20 } },
    globalSetup: ['./scripts/memory-folder.ts', './scripts/shared-postgres.ts'],
    reporters: ['default', './scripts/closing-line.ts'],
  },
})
