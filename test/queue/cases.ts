import type { Case } from './simulation.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Batches that take as long as they take, however large they are. */
const WAITING = { validateMs: MINUTE, jitter: 0.3, tokensPerSecond: Number.POSITIVE_INFINITY }

/** A provider that works off tokens at a steady rate. */
const WORKING = { validateMs: MINUTE, latencyMs: 5 * MINUTE, jitter: 0.3 }

const even = (tokens: number) => () => tokens
/** Most rows short, a few very long. */
const skewed = (tokens: number) => (fraction: number) => tokens / 2 / (1.02 - fraction)

/** Shapes of rows, limits and providers, in the order of the table. */
export const CASES: readonly Case[] = [
  {
    name: 'tier 1, 20,000 even rows, batches of 40 minutes',
    provider: { ...WAITING, limitTokens: 2_000_000, latencyMs: 40 * MINUTE },
    rows: 20_000,
    tokensOf: even(1_000),
    estimateError: 0.2,
    isLimitKnown: true,
  },
  {
    name: 'the same, limit learnt from refusals',
    provider: { ...WAITING, limitTokens: 2_000_000, latencyMs: 40 * MINUTE },
    rows: 20_000,
    tokensOf: even(1_000),
    estimateError: 0.2,
    isLimitKnown: false,
  },
  {
    name: 'a narrow queue of 90,000 tokens, batches of 10 minutes',
    provider: { ...WAITING, limitTokens: 90_000, latencyMs: 10 * MINUTE },
    rows: 4_000,
    tokensOf: even(500),
    estimateError: 0.2,
    isLimitKnown: true,
  },
  {
    name: 'skewed rows, batches of 3 hours',
    provider: { ...WAITING, limitTokens: 5_000_000, latencyMs: 3 * HOUR },
    rows: 40_000,
    tokensOf: skewed(600),
    estimateError: 0.3,
    isLimitKnown: true,
  },
  {
    name: 'skewed rows, a steady provider of 5,000 tokens a second',
    provider: { ...WORKING, limitTokens: 5_000_000, tokensPerSecond: 5_000 },
    rows: 40_000,
    tokensOf: skewed(600),
    estimateError: 0.3,
    isLimitKnown: true,
  },
  {
    name: 'a wide queue, a steady provider, limit learnt',
    provider: { ...WORKING, limitTokens: 40_000_000, tokensPerSecond: 20_000 },
    rows: 120_000,
    tokensOf: even(1_000),
    estimateError: 0.2,
    isLimitKnown: false,
  },
]
