import type { Target } from '../model/target.ts'
import { factsOf } from '../providers/known.ts'
import { nameWithoutDate } from './snapshot.ts'

/** The window of a model in tokens, a dated snapshot's by the name without its date; null where it is not known. */
export function contextWindowOf({ model, provider }: Pick<Target, 'model' | 'provider'>): number | null {
  const { contextWindows } = factsOf(provider)
  const name = [model, nameWithoutDate(model)].find((known) => Object.hasOwn(contextWindows, known))
  return name === undefined ? null : (contextWindows[name] ?? null)
}
