import { type FetchAgainPorts, fetchResultAgain } from '../../collect/fetch-again.ts'
import { repairOf } from '../../collect/rebuild.ts'
import { namedResult } from '../../log/named-file.ts'
import { RunLog } from '../../log/run-log.ts'
import { LlmBatchError, messageOf } from '../../model/error.ts'
import { inFlags } from '../../model/options/mention.ts'
import { describeProvider } from '../../providers/registry.ts'
import type { BatchRecord } from '../../store/port/batch.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { RunStore } from '../../store/store.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { counted } from '../render/terminal/quantity.ts'
import { fileChecks } from './examine-files.ts'
import type { Finding } from './finding.ts'

/**
 * Reads all files of every run. Raw result files that are damaged or absent are fetched again where the provider may be asked
 * and has the same bytes; files that say what became of requests are made again from them. Of all others it is said what is
 * lost.
 */
export async function repairLogs(workspace: Workspace, mayAsk: boolean): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const run of await workspace.store.listRuns()) {
    if (run.state !== 'preparing') findings.push(await repairLog(workspace, run, mayAsk))
  }
  return findings
}

async function repairLog(workspace: Workspace, run: RunRecord, mayAsk: boolean): Promise<Finding> {
  const { configuration, disk } = workspace
  const store = workspace.store.read(run.id)
  const ports = { disk, folder: workspace.folderOf(run.id), store }
  const repair = repairOf({
    ...ports,
    provider: await describeProvider(run.definition.provider),
    settings: configuration.settings,
  })
  let repaired = 0
  const log = new RunLog(ports, async (batch, plan) => {
    const outcomes = await repair(batch, plan)
    repaired += 1
    return outcomes
  })
  const batches = await store.batches()
  const portions = await store.portions()
  const problems: string[] = []
  const { fetched, reasons } = mayAsk
    ? await fetchResults({ ...ports, connect: () => workspace.connect(run.definition.provider) }, batches)
    : { fetched: 0, reasons: new Map<string, string>() }
  await collectProblem(problems, () => log.weights())
  for (const batch of batches) await collectProblem(problems, () => log.read(batch))
  for (const check of await fileChecks(ports, { portions, store, batches, log, reasons }))
    await collectProblem(problems, check)
  const made =
    (fetched === 0 ? '' : `, ${counted(fetched, 'result file')} fetched again`) +
    (repaired === 0 ? '' : `, the outcomes of ${repaired} made again`)
  const problem = problems.length === 0 ? null : problems.join('; ')
  return { what: `run ${run.id}`, text: `${counted(batches.length, 'batch', 'batches')}${made}`, problem }
}

/** Fetches what is damaged or absent; how many files are whole again, and by path why others are not. */
async function fetchResults(ports: FetchAgainPorts & { readonly store: RunStore }, batches: readonly BatchRecord[]) {
  const attempts = new Map((await ports.store.allAttempts()).map((attempt) => [attempt.key, attempt]))
  const reasons = new Map<string, string>()
  let fetched = 0
  for (const { settled } of batches) {
    const attempt = settled && attempts.get(settled.attemptKey)
    if (!attempt) continue
    for (const file of settled.resultFiles) {
      const named = namedResult(ports.folder, settled.name, file)
      const end = await fetchResultAgain(ports, attempt, { ...file, ...named }, new AbortController().signal)
      if (end === 'fetched') fetched += 1
      else if (end !== 'whole') reasons.set(named.path, end.why)
    }
  }
  return { fetched, reasons }
}

async function collectProblem(problems: string[], read: () => Promise<unknown>): Promise<void> {
  try {
    await read()
  } catch (error) {
    const { message, next } = LlmBatchError.isInstance(error)
      ? error.inWords(inFlags)
      : { message: messageOf(error), next: '' }
    problems.push(next === '' ? message : `${message}; ${next}`)
  }
}
