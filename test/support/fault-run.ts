import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openRun, type PlaceOptions, type Run, type StartRunOptions, startRun } from '../../src/index.ts'
import type { RequestCounts } from '../../src/store/port/batch.ts'
import type { LocalWorld } from './local-world.ts'

/** Both providers, for tests that hold for either. */
export const PROVIDERS = ['openai', 'mistral'] as const

export type ProviderName = (typeof PROVIDERS)[number]

/** All that store an input and make a batch of it, for tests of creates. */
export const FILE_PROVIDERS = [...PROVIDERS, 'gemini'] as const

export type FileProviderName = (typeof FILE_PROVIDERS)[number]

export const MODELS: Readonly<Record<FileProviderName, string>> = {
  openai: 'openai/gpt-6-luna',
  mistral: 'mistral/mistral-small-latest',
  gemini: 'gemini/gemini-3.8-flash',
}

/** Looks follow each other within a test; a time limit never strikes, however slow the machine. */
export const SHORT_WAITS = {
  settle: '60s',
  unfenced: '60s',
  http: '60s',
  retryBackoff: '20ms',
  poll: '20ms',
  pollMost: '40ms',
}

/**
 * The same with time limits that a test sits out: a call that is never answered, a create that is to be proved absent. An
 * answer that is late for the machine alone is asked for again, which no test may see. Looks are further apart, since
 * nothing is to be seen meanwhile.
 */
export const SHORT_LIMITS = { ...SHORT_WAITS, settle: '2s', unfenced: '2s', http: '2s', pollMost: '100ms' }

/** One row of the answers file, as far as tests look at it. */
export interface AnswerLine {
  readonly id: string
  readonly llm_output: string | null
  readonly llm_status: string
  readonly llm_error: string | null
  readonly llm_finish_reason: string | null
  readonly llm_prompt_tokens: number | null
  readonly llm_cost_usd: number | null
  readonly llm_attempt: number | null
}

/** JSON lines with one prompt each, known again by a nonce; ids are `r0`, `r1` and so on. */
export function promptRows(prompts: readonly string[]): string {
  return prompts
    .map((text, index) => JSON.stringify({ id: `r${index}`, text: `${text} nonce:r-${index}` }))
    .join('\n')
    .concat('\n')
}

/** Starts a run in a world; its answers go to `answers.jsonl` there. Nothing is sent yet. */
export async function startIn(
  world: LocalWorld,
  provider: FileProviderName,
  rows: string,
  options: Partial<Omit<StartRunOptions, 'endpoint' | 'textColumn'>> = {},
): Promise<Run> {
  return await startRun({
    input: await world.write('rows.jsonl', rows),
    model: MODELS[provider],
    prompt: '{{text}}',
    output: answersPath(world),
    config: world.configPath,
    environment: world.environment,
    ...options,
  })
}

/** Takes up the world's latest run, as another process would, with another key where one is given. */
export async function reopenIn(
  world: LocalWorld,
  environment: Readonly<Record<string, string>> = {},
  options: PlaceOptions = {},
): Promise<Run> {
  return await openRun('last', {
    config: world.configPath,
    environment: { ...world.environment, ...environment },
    ...options,
  })
}

/** Drives a run to its end and lets go of it. */
export async function finish(run: Run) {
  try {
    return await run.finished()
  } finally {
    await run.close()
  }
}

export function answersPath(world: LocalWorld): string {
  return join(world.folder, 'answers.jsonl')
}

export async function readAnswers(world: LocalWorld, name = 'answers.jsonl'): Promise<readonly AnswerLine[]> {
  const text = await readFile(join(world.folder, name), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as AnswerLine)
}

/** The statuses of the answers in row order. */
export async function readStatuses(world: LocalWorld): Promise<readonly string[]> {
  return (await readAnswers(world)).map(({ llm_status }) => llm_status)
}

/** What the provider billed once nothing is at work there any more. */
export async function finalBooks(world: LocalWorld) {
  await world.server.drain()
  return await world.server.ledger()
}

/** The counts above zero. */
export function positive(counts: Partial<RequestCounts>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}
