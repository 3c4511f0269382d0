import { backoffMs } from '../lib/backoff.ts'
import { LlmBatchError } from '../model/error.ts'
import { type Failure, reactionTo } from '../model/failure.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import { because, callFailed, type Reason } from '../model/reason.ts'
import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { isPathUnknown, noBatchApi, UNKNOWN_PATH_TRIES } from '../workspace/base-url-doubt.ts'
import type { RunContext } from '../workspace/context.ts'
import { refuseUnfitModels } from '../workspace/judged-models.ts'
import type { Site } from '../workspace/workspace.ts'
import { heedPassedDeadline } from './deadline.ts'
import { isUnsent, LOOK_BACK_MS, sameContent, unknownBatches } from './remote.ts'

/** Remote batches of the work that is about to be sent, by the attempt whose place they could take. */
interface DuplicateWork {
  readonly found: readonly { readonly attempt: AttemptRecord; readonly remoteId: string }[]
  /** Null where the listing was conclusive; else why it proves no absence. */
  readonly doubt: string | null
  /** Of the call that ended the listing, where one failed. */
  readonly failure: Failure | undefined
}

/**
 * Looks once, before the first create of a run, whether the provider has a batch of the same content that no run of
 * this home knows: the home may be new because the old one was lost, and its work is not to be bought a second time.
 * One listing; an inconclusive one proves no absence and is repeated after growing waits by a caller who is patient.
 * A server that does not know the path of the list holds the run after a few looks, by an impatient caller too. The deadline
 * of the run ends the looking: what was not sent by then is cancelled.
 * `stopped` where the run cannot go on now. Throws `already_sent` where there is such a batch; nothing was sent then.
 */
export async function lookBeforeSending(
  context: RunContext,
  isPatient: boolean,
  signal: AbortSignal,
): Promise<'clear' | 'stopped'> {
  let unknownPaths = 0
  for (let looks = 0; ; looks += 1) {
    const leftMs = await heedPassedDeadline(context)
    if (context.again || !(await mustLook(context))) return 'clear'
    if (signal.aborted) return 'stopped'
    const twins = await lookOrHold(context, signal)
    if (twins === 'stopped') return 'stopped'
    if (twins.found.length > 0) throw alreadySent(context, twins)
    if (twins.doubt === null) return 'clear'
    if (twins.failure?.kind === 'refused') {
      await hold(context, {
        kind: 'work_unlisted',
        run: context.store.id,
        provider: context.provider.name,
        doubt: twins.doubt,
      })
      return 'stopped'
    }
    tellDoubt(context, twins.doubt)
    unknownPaths = isPathUnknown(twins.failure) ? unknownPaths + 1 : 0
    if (twins.failure && unknownPaths >= UNKNOWN_PATH_TRIES) {
      await hold(context, noBatchApi(context.provider, twins.failure))
      return 'stopped'
    }
    if (!isPatient && unknownPaths === 0) return 'stopped'
    const { clock, random, settings } = context
    const waitMs = backoffMs(settings.waits.retryBackoff, looks, random.fraction())
    await clock.sleep(Math.min(waitMs, leftMs), signal)
  }
}

/**
 * Looks once more, before the first create of a run that was made earlier, whether batches of its models would be answered.
 * Throws `unfit_model` where they would not and the user does not insist; nothing was sent then. Of a run that has created
 * something nothing is said any more: its answers are to be collected, whatever becomes of its model.
 */
export async function refuseBeforeSending(site: Site, context: RunContext, isForced: boolean): Promise<void> {
  const { emit, store, windowHours } = context
  const { cancelRequestedAt } = await store.record()
  if (cancelRequestedAt !== null || (await store.origin()).hasIntents) return
  const targets = (await planned(context)).map(({ target }) => target)
  await refuseUnfitModels(site, { targets, timeoutHours: windowHours, isForced }, emit)
}

/**
 * Looks for what was planned while a run was driven whose batches were taken over: the home that made them may have
 * sent their rest again too. Such a batch is held, as it is where the listing proves nothing.
 */
export async function holdDuplicateWork(context: RunContext, signal: AbortSignal): Promise<void> {
  const { again, store } = context
  if (again || !(await store.origin()).hasAdopted) return
  const { doubt, found } = await look(context, signal)
  const remoteIds = new Map(found.map(({ attempt, remoteId }) => [attempt.key, remoteId]))
  for (const attempt of await planned(context)) {
    const remoteId = remoteIds.get(attempt.key)
    if (remoteId === undefined && doubt === null) continue
    await store.moveAttempt(attempt.key, 'planned', 'held', {
      heldFrom: 'planned',
      ...because(
        remoteId === undefined
          ? { kind: 'work_unseen', doubt: doubt ?? '' }
          : { kind: 'same_content', run: store.id, provider: context.provider.name, remoteId },
      ),
    })
  }
}

/** Only a run that has created nothing yet, or whose batches come from another home, can meet its own work there. */
async function mustLook(context: RunContext): Promise<boolean> {
  const { store } = context
  const { hasAdopted, hasIntents } = await store.origin()
  const isCancelled = (await store.record()).cancelRequestedAt !== null
  return !isCancelled && (hasAdopted || !hasIntents) && (await planned(context)).length > 0
}

async function planned({ store }: RunContext): Promise<readonly AttemptRecord[]> {
  return (await store.unfinishedAttempts()).filter((attempt) => attempt.stage !== 'held' && isUnsent(attempt))
}

async function look(context: RunContext, signal: AbortSignal): Promise<DuplicateWork> {
  const { clock, knownRemotes, provider } = context
  const listing = await provider.list(new Date(clock.now() - LOOK_BACK_MS), signal)
  const unknown = unknownBatches(listing.batches, await knownRemotes())
  const found = (await planned(context)).flatMap((attempt) => {
    const [twin] = sameContent(unknown, attempt.contentHash)
    return twin ? [{ attempt, remoteId: twin.batch.id }] : []
  })
  if (listing.isConclusive) return { found, doubt: null, failure: undefined }
  return { found, doubt: listing.reason, failure: listing.failure }
}

/** The look, or `stopped` where it was broken off or the key is refused, which holds the run. */
async function lookOrHold(context: RunContext, signal: AbortSignal): Promise<DuplicateWork | 'stopped'> {
  try {
    return await look(context, signal)
  } catch (error) {
    if (signal.aborted) return 'stopped'
    if (!(error instanceof ProviderError) || reactionTo(error.failure, 'read') === 'wait') throw error
    await hold(context, callFailed(error.failure))
    return 'stopped'
  }
}

async function hold({ emit, store }: RunContext, reason: Reason): Promise<void> {
  await store.moveRun('held', reason)
  emit({ type: 'run', state: 'held', reason })
}

function alreadySent({ provider, store }: RunContext, { found }: DuplicateWork): LlmBatchError {
  const ids = found.slice(0, 3).map(({ remoteId }) => remoteId)
  const more = found.length > ids.length ? ` and ${found.length - ids.length} more` : ''
  return new LlmBatchError(
    'already_sent',
    `${provider.name} already has this work, sent by a home that is not this one: ${ids.join(', ')}${more}; nothing was sent`,
    {
      next: `Take it over with: ${commandLine('remote', 'adopt', store.id)}. To pay once more: ${sendAnyway(store.id)}`,
    },
  )
}

function tellDoubt({ emit, provider, store }: RunContext, doubt: string): void {
  emit({
    type: 'warning',
    code: 'listing_inconclusive',
    message:
      `whether ${provider.name} has this work already cannot be seen (${doubt}); nothing is sent until it can ` +
      `(${sendAnyway(store.id)} sends without looking)`,
    batch: null,
  })
}

function sendAnyway(runId: string): string {
  return commandLine('resume', runId, mention('again'))
}
