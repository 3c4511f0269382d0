import { frozenOverheadBytes } from '../log/frozen-line.ts'
import { endpointName, isWritten } from '../model/endpoint.ts'
import { mention } from '../model/options/mention.ts'
import { type Target } from '../model/target.ts'
import type { Limits } from '../providers/provider.ts'

/** A target with what applies to every request sent there. */
export interface Lane {
  readonly target: Target
  readonly limits: Limits
  /** Bytes of a frozen line besides its body. */
  readonly overheadBytes: number
  /** Why the model does not answer at the endpoint; null where nothing is known against it. */
  readonly misfit: Misfit | null
}

export interface LaneOptions {
  /** The limits in force, the user's overrides included. */
  readonly limitsOf: (target: Target) => Limits
}

/** Looks targets up, so that each is made, and its limits asked for, once. */
export function createLanes(provider: string, options: LaneOptions): (endpoint: string, model: string) => Lane {
  const byEndpoint = new Map<string, Map<string, Lane>>()
  return (endpoint, model) => {
    const byModel = byEndpoint.get(endpoint) ?? new Map<string, Lane>()
    byEndpoint.set(endpoint, byModel)
    const known = byModel.get(model)
    if (known) return known
    const lane = createLane({ provider, endpoint, model }, options)
    byModel.set(model, lane)
    return lane
  }
}

function createLane(target: Target, { limitsOf }: LaneOptions): Lane {
  return { target, limits: limitsOf(target), overheadBytes: frozenOverheadBytes(target), misfit: misfitOf(target) }
}

/** The reason why a model does not answer at an endpoint, and the next step. */
interface Misfit {
  readonly what: string
  readonly next: string
}

/** How both providers name models that give vectors, such as `text-embedding-3-small` and `mistral-embed`. */
const GIVES_VECTORS = /(?:^|-)embed(?:ding)?(?:-|$)/

/** How both name models that give verdicts, such as `omni-moderation-latest`. */
const GIVES_VERDICTS = /(?:^|-)moderation(?:-|$)/

/** Told by the names of models: a model without text output does not fit messages or a gap. Null where nothing is wrong. */
function misfitOf({ endpoint, model }: Target): Misfit | null {
  if (!isWritten(endpoint)) return null
  if (GIVES_VECTORS.test(model)) return misfit(model, 'vectors', endpoint, 'embeddings')
  return GIVES_VERDICTS.test(model) ? misfit(model, 'verdicts', endpoint, 'moderations') : null
}

function misfit(model: string, gives: string, endpoint: string, better: string): Misfit {
  return {
    what: `${model} gives ${gives}, but ${endpointName(endpoint)} expects texts`,
    next: `Add ${mention('endpoint', better)}, or name another model.`,
  }
}
