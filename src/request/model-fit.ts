import { endpointName, isWritten } from '../model/endpoint.ts'
import type { Target } from '../model/target.ts'

/** Why a model does not answer at an endpoint, and what to do. */
export interface Misfit {
  readonly what: string
  readonly next: string
}

/** How both providers name models that give vectors, such as `text-embedding-3-small` and `mistral-embed`. */
const GIVES_VECTORS = /(?:^|-)embed(?:ding)?(?:-|$)/

/** How both name models that give verdicts, such as `omni-moderation-latest`. */
const GIVES_VERDICTS = /(?:^|-)moderation(?:-|$)/

/** Told by the names of models: one that writes nothing is no model for messages or a gap. Null where nothing is wrong. */
export function misfitOf({ endpoint, model }: Target): Misfit | null {
  if (!isWritten(endpoint)) return null
  if (GIVES_VECTORS.test(model)) return misfit(model, 'vectors', endpoint, 'embeddings')
  return GIVES_VERDICTS.test(model) ? misfit(model, 'verdicts', endpoint, 'moderations') : null
}

function misfit(model: string, gives: string, endpoint: string, better: string): Misfit {
  return {
    what: `${model} gives ${gives}, and ${endpointName(endpoint)} asks for written answers`,
    next: `Add --endpoint ${better}, or name another model.`,
  }
}
