import { LlmBatchError } from '../../model/error.ts'
import type { Dialect } from '../dialect.ts'
import { bearerKey } from '../http/bearer.ts'
import { PECULIARITIES, type Peculiarity } from '../peculiarities.ts'
import type { Owner } from '../state/state.ts'
import { OPENAI } from './dialect.ts'

/** A file that was announced and not sent. */
export interface Announced {
  readonly owner: Owner
  readonly name: string
  readonly purpose: string
  readonly reserved: { readonly id: string; readonly sequence: number }
}

/** The host that the server plays in the place of OpenAI, and what only that host has to remember; gone with the process. */
export interface PlayedHost {
  readonly are: ReadonlySet<Peculiarity>
  /** Files whose bytes are still to come, by id. */
  readonly announced: Map<string, Announced>
  /** Ids of batches, by the idempotency key of their create. */
  readonly batchOfKey: Map<string, string>
  /** How often each file was looked at. */
  readonly looks: Map<string, number>
}

/** A host with these peculiarities; OpenAI itself without any. Throws for a name that is not one. */
export function playedHost(names: readonly string[]): PlayedHost {
  const are = names.map((name) => {
    const known = PECULIARITIES.find((one) => one.name === name)
    if (known) return known.name
    throw new LlmBatchError('usage', `the local server has no peculiarity ${JSON.stringify(name)}`, {
      next: `Write some of ${PECULIARITIES.map((one) => one.name).join(', ')}.`,
    })
  })
  return { are: new Set(are), announced: new Map(), batchOfKey: new Map(), looks: new Map() }
}

/** OpenAI's dialect with what is peculiar to the host in keys and addresses. */
export function playedDialect({ are }: PlayedHost): Dialect {
  if (!are.has('api-key-header')) return OPENAI
  return { ...OPENAI, keyOf: (header) => header('api-key') ?? bearerKey(header) }
}
