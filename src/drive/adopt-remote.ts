import { LlmBatchError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { commandLine } from '../model/options/mention.ts'
import type { RemoteBatch } from '../providers/provider.ts'
import type { AttemptRecord, KnownRemote } from '../store/port/attempt.ts'
import type { RunStore } from '../store/store.ts'
import type { Markers } from '../submit/markers.ts'
import { observed } from '../submit/observed.ts'
import { renewInputUnder } from '../submit/renew.ts'
import { wireInput } from '../submit/upload.ts'
import { type RunContext, runContext } from '../workspace/context.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { confirmAccount } from './confirm-account.ts'
import { isUnsent, LOOK_BACK_MS, sameContent, type UnknownBatch, unknownBatches } from './remote.ts'

/** Result of taking batches over. */
export interface Adoption {
  readonly adopted: readonly { readonly batch: number; readonly remoteId: string; readonly rawStatus: string }[]
  /** Further remote batches of the same work: it was bought more than once already. */
  readonly extra: readonly string[]
  /** Batches of the run that still have to be sent. */
  readonly unsent: number
  /** Why there may be more at the provider than was seen; null where all was seen. */
  readonly doubt: string | null
}

/**
 * Takes remote batches that another home made of this run's work into the run: each takes the place of a batch that was
 * planned and not sent. What proves that they are the same is the content hash in their metadata, never likeness; their
 * result lines are joined by the nonce that stands there too. With ids only these, otherwise all that fit. The caller
 * holds the run's lock; may be repeated. Throws `usage` for an id that cannot be taken over.
 */
export async function adoptRemote(
  workspace: Workspace,
  store: RunStore,
  ids: readonly string[],
  emit: Emit,
  signal: AbortSignal,
): Promise<Adoption> {
  const context = await runContext(workspace, store, emit)
  await confirmAccount(context, signal)
  const known = await context.knownRemotes()
  const since = new Date(context.clock.now() - LOOK_BACK_MS)
  const listing = await context.provider.list(since, signal)
  const named = ids.length === 0 ? listing.batches : await batchesOf(context, ids, listing.batches, signal)
  const unknown = unknownBatches(named, known)
  assertAdoptable(ids, unknown, known)
  const unsent = (await store.unfinishedAttempts()).filter(isUnsent)
  const pairs = unsent.flatMap((attempt) => {
    const [best, ...others] = sameContent(unknown, attempt.contentHash)
    return best?.markers ? [{ attempt, found: best.batch, markers: best.markers, others }] : []
  })
  const extra = pairs.flatMap(({ others }) => others.map(({ batch }) => batch.id))
  assertAllUsed(ids, [...pairs.map(({ found }) => found.id), ...extra], store.id)
  for (const { attempt, found, markers } of pairs) await adoptOne(context, attempt, found, markers, signal)
  return {
    adopted: pairs.map(({ attempt, found }) => ({
      batch: attempt.batch,
      remoteId: found.id,
      rawStatus: found.rawStatus,
    })),
    extra,
    unsent: unsent.length - pairs.length,
    doubt: listing.isConclusive || ids.length > 0 ? null : listing.reason,
  }
}

async function batchesOf(
  { provider }: RunContext,
  ids: readonly string[],
  listed: readonly RemoteBatch[],
  signal: AbortSignal,
): Promise<readonly RemoteBatch[]> {
  const batches: RemoteBatch[] = []
  for (const id of new Set(ids))
    batches.push(listed.find((batch) => batch.id === id) ?? (await provider.get(id, signal)))
  return batches
}

/** A batch of a run here has its place, and one without markers cannot be joined to anything. */
function assertAdoptable(
  ids: readonly string[],
  unknown: readonly UnknownBatch[],
  known: readonly KnownRemote[],
): void {
  for (const id of ids) {
    const found = unknown.find(({ batch }) => batch.id === id)
    if (found?.markers) continue
    const owner = known.find(({ batchId }) => batchId === id)
    throw new LlmBatchError(
      'usage',
      found
        ? `${id} has no mark of llm-batch, so its results cannot be joined to rows`
        : `${id} belongs to ${owner ? `run ${owner.runId}` : 'a run of this home'} already`,
      { next: `List what can be taken over with: ${commandLine('remote')}` },
    )
  }
}

function assertAllUsed(ids: readonly string[], used: readonly string[], runId: string): void {
  const unused = ids.find((id) => !used.includes(id))
  if (unused === undefined) return
  throw new LlmBatchError('usage', `${unused} does not have the work of an unsent batch of run ${runId}`, {
    next: 'The same input, prompt, parameters and batch limits make the same work; type the run line exactly as it was.',
  })
}

async function adoptOne(
  context: RunContext,
  attempt: AttemptRecord,
  found: RemoteBatch,
  { nonce }: Markers,
  signal: AbortSignal,
): Promise<void> {
  const { clock, store } = context
  await assertSameSize(context, attempt, found, signal)
  await store.adoptBatch({
    key: attempt.key,
    from: attempt.stage,
    next: await renewInputUnder(context, attempt, nonce),
    remoteId: found.id,
    changes: {
      ...observed(found, clock.now()),
      inputFileId: found.inputFileId,
      submittedAt: found.createdAt?.getTime() ?? clock.now(),
      nextAt: clock.now(),
    },
  })
}

/** Wire ids have one length, so the same work has the same size; another size would be a forged or broken mark. */
async function assertSameSize(
  { disk, folder, provider }: RunContext,
  attempt: AttemptRecord,
  { id, inputFileId }: RemoteBatch,
  signal: AbortSignal,
): Promise<void> {
  const file = inputFileId === null ? undefined : await provider.file?.(inputFileId, signal)
  if (file === undefined || file === 'absent' || file.bytes === null) return
  const { bytes } = await wireInput(provider, attempt, () => disk.stream(folder.input(attempt.inputName)))
  if (file.bytes === bytes) return
  throw new LlmBatchError(
    'usage',
    `${id} has the mark of batch ${attempt.batch}, but its input has ${file.bytes} bytes instead of ${bytes}`,
    { next: `It was not taken over. List what is there with: ${commandLine('remote')}` },
  )
}
