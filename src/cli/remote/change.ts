import { describeFile, LOOK_BACK_MS, ownerOfFile } from '../../drive/remote.ts'
import { plainLine } from '../../lib/plain-text.ts'
import { isTerminal } from '../../model/attempt.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { RemoteBatch, RemoteFile } from '../../providers/provider.ts'
import type { KnownRemote } from '../../store/port/attempt.ts'
import { markersOf } from '../../submit/markers.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { confirm } from '../questions/ask.ts'
import type { Shell } from '../shell.ts'
import { oneProvider } from './choose-provider.ts'

/** Flags of a change at the provider. */
interface ChangeFlags {
  readonly provider?: string | undefined
  readonly yes?: boolean | undefined
}

const NOTHING_DONE = 'Nothing was done.'

const never = (): AbortSignal => new AbortController().signal

/** `llm-batch remote cancel ID...`: only what was named, and nothing that a run here knows. */
export async function cancelBatches(
  shell: Shell,
  workspace: Workspace,
  ids: readonly string[],
  flags: ChangeFlags,
): Promise<number> {
  const provider = await oneProvider(workspace, flags.provider)
  const known = await workspace.store.knownRemotes()
  const batches: RemoteBatch[] = []
  for (const id of new Set(ids)) {
    const batch = await provider.get(id, never())
    const owner = known.find(({ batchId, nonce }) => batchId === id || nonce === markersOf(batch)?.nonce)
    if (owner) throw inUse(owner, id, `Cancel the run with: llm-batch cancel ${owner.runId}`)
    batches.push(batch)
  }
  for (const batch of batches) shell.tell(`${batch.id}: ${batch.rawStatus}, ${whose(markersOf(batch) !== null)}`)
  const alive = batches.filter(({ status }) => !isTerminal(status))
  if (alive.length === 0) shell.tell('All of these batches have ended; there is nothing to cancel.')
  else if (!(await isWanted(shell, flags, `Cancel ${alive.map(({ id }) => id).join(', ')} at ${provider.name}?`))) {
    return EXIT.usage
  }
  for (const { id } of alive) {
    await provider.cancel(id, never())
    shell.tell(`${id}: ${(await provider.get(id, never())).rawStatus}`)
  }
  return EXIT.ok
}

/** `llm-batch remote delete ID...`: only what was named, and nothing that a run here knows. */
export async function deleteFiles(
  shell: Shell,
  workspace: Workspace,
  ids: readonly string[],
  flags: ChangeFlags,
): Promise<number> {
  const provider = await oneProvider(workspace, flags.provider)
  const known = await workspace.store.knownRemotes()
  const files: RemoteFile[] = []
  for (const id of new Set(ids)) {
    const file = await provider.file?.(id, never())
    if (file === undefined || file === 'absent') {
      throw new LlmBatchError('usage', `${provider.name} has no file ${id}`, {
        next: 'List what is there with: llm-batch remote',
      })
    }
    const owner = ownerOfFile(file, known)
    if (owner) {
      throw inUse(owner, id, `Remove the run first, once its answers are written: llm-batch runs rm ${owner.runId}`)
    }
    files.push(file)
  }
  const { batches } = await provider.list(new Date(workspace.clock.now() - LOOK_BACK_MS), never())
  for (const file of files) tellFile(shell, file, batches)
  if (!(await isWanted(shell, flags, `Delete ${files.map(({ id }) => id).join(', ')} at ${provider.name}?`))) {
    return EXIT.usage
  }
  let refused = 0
  for (const { id } of files) {
    const answer = (await provider.discard?.(id, never())) ?? 'refused'
    if (answer === 'refused') refused += 1
    shell.tell(`${id}: ${answer === 'gone' ? 'deleted' : 'the provider refused to delete it'}`)
  }
  return refused === 0 ? EXIT.ok : EXIT.held
}

/** What a run here needs is not taken from under it: it would count as the provider's own doing and be sent again. */
function inUse({ runId }: KnownRemote, id: string, next: string): LlmBatchError {
  return new LlmBatchError('usage', `${id} belongs to run ${runId}; nothing was done`, { next })
}

/** Says what is about to be deleted, and what that does. */
function tellFile(shell: Shell, file: RemoteFile, batches: readonly RemoteBatch[]): void {
  const { inputOf, isOurs, resultsOf } = describeFile(file, batches)
  const notes = batches.flatMap(({ id, rawStatus, status }) => {
    if (inputOf.includes(id) && !isTerminal(status)) return [`; ${id}, which is ${rawStatus}, reads it and may fail`]
    return resultsOf.includes(id) ? [`; the results of ${id} are lost with it`] : []
  })
  shell.tell(`${file.id}: ${plainLine(file.name ?? 'without a name')}, ${whose(isOurs)}${notes.join('')}`)
}

function whose(isOurs: boolean): string {
  return isOurs ? 'made by llm-batch, in another home' : 'foreign: not made by llm-batch'
}

async function isWanted(shell: Shell, { yes }: ChangeFlags, question: string): Promise<boolean> {
  if (yes === true) return true
  if (!shell.canAsk) {
    throw new LlmBatchError(
      'usage',
      'nothing was changed: this needs your confirmation, and there is no terminal to ask on',
      {
        next: 'To do it, add --yes.',
      },
    )
  }
  const isYes = await confirm(shell, question, NOTHING_DONE)
  if (!isYes) shell.tell(NOTHING_DONE)
  return isYes
}
