import type { BatchPhase, QueueStanding, RunSummary, Spent } from '../../src/ui/contract.ts'
import { count, short } from './quantity.ts'
import { phaseWord } from './states.ts'
import { duration } from './time.ts'

/** What a run is called: its name, else its id. */
export function titleOf({ id, name }: Pick<RunSummary, 'id' | 'name'>): string {
  return name ?? id
}

/** `openai/gpt-6-luna`, or the provider alone where rows name their models. */
export function modelOf({ model, provider }: Pick<RunSummary, 'model' | 'provider'>): string {
  return model === null ? provider : `${provider}/${model}`
}

/** `1.2 M of 2 M tokens`; with requests where the provider counts these. */
export function queueWords({ limitRequests, limitTokens, usedRequests, usedTokens }: QueueStanding): string {
  if (limitTokens === null && limitRequests !== null)
    return `${short(usedRequests)} of ${short(limitRequests)} requests`
  return limitTokens === null ? `${short(usedTokens)} tokens` : `${short(usedTokens)} of ${short(limitTokens)} tokens`
}

/** How much of its limit a queue has used, from 0 to 1; null where no limit is known. */
export function queueShare({ limitRequests, limitTokens, usedRequests, usedTokens }: QueueStanding): number | null {
  if (limitTokens !== null) return limitTokens === 0 ? 1 : Math.min(1, usedTokens / limitTokens)
  if (limitRequests !== null) return limitRequests === 0 ? 1 : Math.min(1, usedRequests / limitRequests)
  return null
}

/** What is spent of a cap, with what is set aside; null where the cost is not known. */
export function committedUsd({ reservedUsd, totalUsd }: Spent): number | null {
  return totalUsd === null ? null : totalUsd + reservedUsd
}

/** True while something of the run can still happen. */
export function isUnfinished({ state }: Pick<RunSummary, 'state'>): boolean {
  return state !== 'completed' && state !== 'cancelled'
}

/** `3 running`, `2 queued`: the phases above zero, in the order in which a batch passes them. */
export function batchWords({ batches }: Pick<RunSummary, 'batches'>): readonly string[] {
  return (Object.entries(batches) as [BatchPhase, number][])
    .filter(([, number]) => number > 0)
    .map(([phase, number]) => `${count(number)} ${phaseWord(phase)}`)
}

/** How long the oldest open batch is at the provider, and of how long: `3h of 24h`; null where none is open. */
export function ageWords(
  { expiresAt, oldestOpenAt }: Pick<RunSummary, 'expiresAt' | 'oldestOpenAt'>,
  now: number,
): string | null {
  if (oldestOpenAt === null) return null
  const age = duration(now - oldestOpenAt)
  return expiresAt === null ? age : `${age} of ${duration(expiresAt - oldestOpenAt)}`
}
