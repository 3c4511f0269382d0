import { repairOf } from '../../collect/rebuild.ts'
import { RunLog } from '../../log/run-log.ts'
import { LlmBatchError, messageOf } from '../../model/error.ts'
import { inFlags } from '../../model/options/mention.ts'
import { describeProvider } from '../../providers/registry.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { runFolder } from '../../store/run-folder.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { counted } from '../render/terminal/quantity.ts'
import { fileChecks } from './examine-files.ts'
import type { Finding } from './finding.ts'

/**
 * Reads all files of every run. Those that say what became of its requests are made again where they are damaged or absent;
 * of all others it is said what is lost.
 */
export async function repairLogs(workspace: Workspace): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const run of await workspace.store.listRuns()) {
    if (run.state !== 'preparing') findings.push(await repairLog(workspace, run))
  }
  return findings
}

async function repairLog(workspace: Workspace, run: RunRecord): Promise<Finding> {
  const { configuration, disk, home } = workspace
  const store = workspace.store.read(run.id)
  const ports = { disk, folder: runFolder(home, run.id), store }
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
  await collectProblem(problems, () => log.weights())
  for (const batch of batches) await collectProblem(problems, () => log.read(batch))
  for (const check of await fileChecks(ports, { portions, store, batches, log })) await collectProblem(problems, check)
  const made = repaired === 0 ? '' : `, the outcomes of ${repaired} made again`
  const problem = problems.length === 0 ? null : problems.join('; ')
  return { what: `run ${run.id}`, text: `${counted(batches.length, 'batch', 'batches')}${made}`, problem }
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
