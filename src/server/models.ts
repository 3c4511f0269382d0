import type { Simulator } from './simulator.ts'
import type { Owner } from './state/state.ts'

/** Models that each API listed in November 2026; the server answers for every other name too. */
const LISTED = {
  openai: ['gpt-6-luna', 'gpt-6.1-terra', 'gpt-6.1-sol', 'omni-moderation-latest', 'text-embedding-3-small'],
  mistral: ['codestral-latest', 'mistral-embed', 'mistral-medium-latest', 'mistral-ocr-latest', 'mistral-small-latest'],
} as const

/** The names of the models that a listing shows: those above, and those of the account's batches. */
export function modelNames({ state, clock }: Simulator, owner: Owner): readonly string[] {
  const asked = state.batchesOf(owner, clock.now()).flatMap(({ model }) => (model === null ? [] : [model]))
  return [...new Set([...LISTED[owner.dialect], ...asked])].sort()
}

/** True for a model that the server answers for. */
export function isModel(name: string): boolean {
  return !name.startsWith('no-such-')
}
