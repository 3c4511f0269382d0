import { DIALECT } from './dialects.ts'
import type { Simulator } from './simulator.ts'
import type { Owner } from './state/state.ts'

/** The names of the models that a listing shows: those above, and those of the account's batches. */
export function modelNames({ state, clock }: Simulator, owner: Owner): readonly string[] {
  const asked = state.batchesOf(owner, clock.now()).flatMap(({ model }) => (model === null ? [] : [model]))
  return [...new Set([...DIALECT[owner.dialect].listedModels, ...asked])].sort()
}

/** True for a model that the server answers for. */
export function isModel(name: string): boolean {
  return !name.startsWith('no-such-')
}
