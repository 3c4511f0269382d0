import { parseDuration } from '../../lib/duration.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import type { LocalModel } from '../../model/run.ts'
import { DEFAULT_CONCURRENCY, DEFAULT_ROW_TIMEOUT_MS } from '../../server/upstream/options.ts'
import type { Shell } from '../shell.ts'
import { upstreamPlace } from './upstream-access.ts'

/** The model server that a run names, checked; undefined where it names none. */
export function localModelOf(shell: Shell, flags: AnyOptions): (LocalModel & { readonly url: string }) | undefined {
  if (flags.local === undefined) {
    assertNoOrphans(flags)
    return undefined
  }
  if (flags.provider !== undefined) throw senseless('--provider', 'the provider is the model server')
  if (flags.tail !== undefined) throw senseless('--tail', 'it has no other way to ask')
  if (flags.detach === true) throw senseless('--detach', 'this command itself asks the model')
  if (flags.wait === false) throw senseless('--no-wait', 'this command itself asks the model')
  const { url } = upstreamPlace(shell.machine.environment, {
    flag: '--local',
    url: flags.local,
    keyVariable: flags.localKey ?? null,
  })
  return { url, ...withFlags({ hasKey: flags.localKey !== undefined, ...USUAL }, flags) }
}

const USUAL = { concurrency: DEFAULT_CONCURRENCY, rowTimeoutMs: DEFAULT_ROW_TIMEOUT_MS }

/** The manner that a run has kept, with what the flags of this command say otherwise. */
export function withFlags(
  { concurrency, hasKey, rowTimeoutMs }: LocalModel,
  { localConcurrency, localTimeout }: AnyOptions,
): LocalModel {
  return {
    hasKey,
    concurrency: localConcurrency ?? concurrency,
    rowTimeoutMs: (localTimeout === undefined ? undefined : parseDuration(localTimeout)) ?? rowTimeoutMs,
  }
}

function assertNoOrphans({ localConcurrency, localKey, localTimeout }: AnyOptions): void {
  if (localConcurrency === undefined && localKey === undefined && localTimeout === undefined) return
  throw new LlmBatchError('usage', 'the options of a model server need --local', {
    next: 'Add --local URL, such as --local http://127.0.0.1:11434/v1.',
  })
}

function senseless(flag: string, reason: string): LlmBatchError {
  return new LlmBatchError('usage', `${flag} makes no sense with --local: ${reason}`, { next: `Leave ${flag} out.` })
}
