import { type Adoption, adoptRemote } from '../../drive/adopt-remote.ts'
import { systemClock } from '../../lib/clock.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import { takeRun } from '../../prepare/start.ts'
import { findRuns } from '../../workspace/find-run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { Interruption } from '../drive/interruption.ts'
import { RunEvents } from '../drive/run-events.ts'
import { chooseRun } from '../questions/choose-run.ts'
import { counted } from '../render/terminal/quantity.ts'
import type { Shell } from '../shell.ts'

/** `llm-batch remote adopt [RUN] [ID...]`: reads only at the provider; nothing there is changed. */
export async function adopt(shell: Shell, workspace: Workspace, words: readonly string[]): Promise<number> {
  const [first] = words
  const isRun = first !== undefined && (await findRuns(workspace.store, first)).length > 0
  if (first !== undefined && !isRun) assertNoRun(first)
  const run = await chooseRun(shell, workspace, isRun ? first : undefined)
  const about = { run: run.id, name: run.name }
  const ids = isRun ? words.slice(1) : words
  const events = await RunEvents.open(shell, workspace, {})
  const interruption = new Interruption(shell, systemClock)
  const { lock, store } = await takeRun(workspace, run.id)
  try {
    const adoption = await interruption.during('Nothing is half done.', (signal) =>
      adoptRemote(workspace, store, ids, (happening) => events.tell({ ...about, ...happening }), signal),
    )
    return tell(shell, adoption, run.id)
  } finally {
    lock.release()
    interruption.end()
  }
}

/** A word that names no run is an id, unless it looks like a run that is not here. */
function assertNoRun(word: string): void {
  if (!/^[0-9a-z]{1,4}(?:-[\d-]*)?$/.test(word)) return
  throw new LlmBatchError('not_found', `there is no run ${word}`, { next: 'List them with: llm-batch runs' })
}

function tell(shell: Shell, { adopted, doubt, extra, unsent }: Adoption, runId: string): number {
  for (const { batch, rawStatus, remoteId } of adopted) {
    shell.tell(`Batch ${batch} of run ${runId} is now ${remoteId} (${rawStatus}).`)
  }
  if (extra.length > 0) {
    shell.warn(`the same work is there more than once: ${extra.join(', ')}. Look with: llm-batch remote`)
  }
  if (doubt !== null) shell.warn(`the provider did not list everything (${doubt}); run this again to find more`)
  if (adopted.length === 0) {
    shell.tell(`No batch at the provider has the work of an unsent batch of run ${runId}.`)
    shell.tell('next: list what is there with: llm-batch remote')
    return doubt === null ? EXIT.usage : EXIT.unfinished
  }
  const rest =
    unsent === 0 ? 'collects the answers' : `collects the answers and sends ${counted(unsent, 'batch', 'batches')}`
  shell.tell(`Go on with: llm-batch resume ${runId}   (${rest})`)
  return doubt === null ? EXIT.ok : EXIT.unfinished
}
