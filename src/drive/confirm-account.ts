import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import { ProviderError } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'

/**
 * Makes sure that the run goes on where it was started, because elsewhere everything looks absent: at the same base URL
 * (unless nothing was sent yet), and in the account of today's key. The same key passes; another one passes when it can
 * read something that this run made (a rotated key). Where there is nothing to read, it passes unless a create is in doubt,
 * about which a listing of another account would tell nothing. Throws `account_mismatch` otherwise.
 */
export async function confirmAccount(context: RunContext, signal: AbortSignal): Promise<void> {
  const { store } = context
  const record = await store.record()
  const { account, definition } = record
  if (context.provider.baseUrl !== definition.baseUrl) await moveBaseUrl(context, record)
  if (account === context.account) return
  const attempts = await store.allAttempts()
  const hasFiles = context.provider.file !== undefined
  const known = attempts.filter(({ remoteId, inputFileId }) => remoteId ?? (hasFiles && inputFileId)).toReversed()
  if (account !== null && known.length > 0 && !(await canReadOne(context, known.slice(0, 3), signal))) {
    throw new LlmBatchError(
      'account_mismatch',
      `the batches of run ${store.id} are not visible with this key: it belongs to another account, project or workspace`,
      { next: 'Set the key the run was started with (or another one of the same account), and resume.' },
    )
  }
  if (account !== null && known.length === 0) assertNoDoubt(context, attempts)
  await store.bindAccount(context.account)
}

/** A person who has decided about the creates in doubt has looked in the right account. */
function assertNoDoubt({ onUnknownCreate, store }: RunContext, attempts: readonly AttemptRecord[]): void {
  const doubtful = attempts.find(
    ({ heldFrom, stage }) =>
      stage === 'creating' || stage === 'unconfirmed' || (stage === 'held' && heldFrom === 'unconfirmed'),
  )
  if (!doubtful || onUnknownCreate !== 'hold') return
  throw new LlmBatchError(
    'account_mismatch',
    `run ${store.id} was started with another key, and whether its batch ${doubtful.batch} was created can only be seen in the account of that one`,
    {
      next: `Set the key the run was started with, and resume. Where it was replaced by a key of the same account, look there for the batch; if there is none, resume with ${mention('onUnknownCreate', 'resend')}, or with ${mention('onUnknownCreate', 'give-up')} to count its rows as missing.`,
    },
  )
}

/** A run of which nothing was sent may go elsewhere; answers that it took over hold for the place they came from. */
async function moveBaseUrl({ emit, provider, store }: RunContext, { carried, definition }: RunRecord): Promise<void> {
  const { baseUrlVariable } = findProvider(definition.provider)
  if (carried === null && !(await store.origin()).hasSent) {
    await store.moveBaseUrl(provider.baseUrl)
    const message = `run ${store.id} now goes to ${provider.baseUrl}; nothing of it was sent to ${definition.baseUrl}`
    return emit({ type: 'warning', code: 'base_url_changed', message, batch: null })
  }
  throw new LlmBatchError(
    'account_mismatch',
    `run ${store.id} was started at ${definition.baseUrl}, but now ${baseUrlVariable} leads to ${provider.baseUrl}`,
    { next: `Set ${baseUrlVariable}=${definition.baseUrl} and resume.` },
  )
}

async function canReadOne(context: RunContext, known: readonly AttemptRecord[], signal: AbortSignal): Promise<boolean> {
  for (const attempt of known) if (await canRead(context, attempt, signal)) return true
  return false
}

async function canRead({ provider }: RunContext, attempt: AttemptRecord, signal: AbortSignal): Promise<boolean> {
  try {
    if (attempt.remoteId !== null) {
      await provider.get(attempt.remoteId, signal)
      return true
    }
    return (await provider.file?.(attempt.inputFileId ?? '', signal)) !== 'absent'
  } catch (error) {
    const kind = error instanceof ProviderError ? error.failure.kind : undefined
    if (kind === 'absent' || kind === 'forbidden' || kind === 'unauthorised') return false
    throw error
  }
}
