import { DIALECT } from './dialects.ts'
import type { SimulatedModel } from './options.ts'
import type { Simulator } from './simulator.ts'
import type { Owner } from './state/state.ts'

/**
 * The names of the models that a listing shows: those of its API, those that the
 * server was told of, and those of the account's batches.
 */
export function modelNames({ state, clock, models }: Simulator, owner: Owner): readonly string[] {
  const asked = state.batchesOf(owner, clock.now()).flatMap(({ model }) => (model === null ? [] : [model]))
  return [...new Set([...DIALECT[owner.dialect].listedModels, ...asked, ...Object.keys(models)])].sort()
}

/** What the list tells of a model besides its name. */
export function toldOf({ models }: Simulator, name: string): Required<SimulatedModel> {
  const { canBatch = true, endsAt } = (Object.hasOwn(models, name) ? models[name] : undefined) ?? {}
  return { canBatch, endsAt }
}

/** True for a model that the server answers for. */
export function isModel(name: string): boolean {
  return !name.startsWith('no-such-')
}
