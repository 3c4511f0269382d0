import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OutcomeStatus } from '../../model/outcome.ts'
import { isFinished } from '../../model/run.ts'
import { dollars } from '../../prices/dollars.ts'
import { exitCodeOf } from '../../run/report.ts'
import { billOf, reopen } from '../../run/retry.ts'
import type { Workspace } from '../../run/workspace.ts'
import type { RunRecord } from '../../store/store.ts'
import { addBudgetFlag, type BudgetFlags } from '../budget-flag.ts'
import { chooseRun, confirm } from '../choose-run.ts'
import { addDriveFlags, type DriveFlags } from '../drive-flags.ts'
import { driveRun } from '../drive-run.ts'
import { statusesFlag } from '../flag-values.ts'
import { Interruption } from '../interruption.ts'
import { withHome } from '../open-home.ts'
import { addOutputFlags, type OutputFlags } from '../output-flags.ts'
import { addSettingFlags, type SettingFlags } from '../place-flags.ts'
import { counted } from '../render/quantity.ts'
import { RunEvents } from '../run-events.ts'
import type { Shell } from '../shell.ts'
import { takeUp } from '../take-up.ts'

interface RetryFlags extends DriveFlags, OutputFlags, SettingFlags, BudgetFlags {
  readonly status?: readonly OutcomeStatus[] | undefined
  readonly yes?: boolean | undefined
}

/** `llm-batch retry RUN`: sends unfinished and unbilled rows again; others only where their status is named. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  command
    .argument('<run>', 'an id, the beginning of one, a name, or last')
    .option('--status <list>', 'rows with these outcomes, even if they were billed: truncated,refused', statusesFlag)
    .option('-y, --yes', 'accept that rows may be bought again')
  addSettingFlags(addDriveFlags(addBudgetFlag(addOutputFlags(command)))).action(
    async (wanted: string, flags: RetryFlags) => {
      const interruption = new Interruption(shell, systemClock)
      try {
        setExitCode(await withHome(shell, flags, (place) => retry(shell, place, wanted, flags, interruption)))
      } finally {
        interruption.end()
      }
    },
  )
}

async function retry(
  shell: Shell,
  workspace: Workspace,
  wanted: string,
  flags: RetryFlags,
  interruption: Interruption,
): Promise<number> {
  const events = await RunEvents.open(shell, workspace, flags)
  const run = await chooseRun(shell, workspace, wanted)
  const statuses = flags.status ?? []
  if (!(await accept(shell, workspace, run, statuses, flags.yes === true))) {
    shell.tell('Nothing was sent.')
    return EXIT.usage
  }
  const taken = await takeUp(shell, workspace, run, { ...flags, mustBeFile: flags.json === true || !flags.wait })
  const count = await reopen(taken.store, { statuses })
  if (count === 0 && isFinished(run.state)) {
    taken.lock.release()
    shell.tell(`Run ${run.id} has no rows to send again${statuses.length > 0 ? '' : hint(run)}.`)
    return exitCodeOf({ run, counts: await taken.store.counts() }, flags.maxFailed ?? 0)
  }
  if (!flags.quiet) shell.tell(`Run ${run.id}: sending ${counted(count, 'row')} again.`)
  const until = flags.wait ? 'finished' : 'submitted'
  return await driveRun({ shell, workspace, taken, events, interruption, flags, until, releaseHeld: true })
}

function hint({ id }: RunRecord): string {
  return `; what was billed is bought again only with: llm-batch retry ${id} --status truncated,refused,failed`
}

/** Says what may be paid twice, and asks; a script says yes by `--yes`. */
async function accept(
  shell: Shell,
  { configuration, store }: Workspace,
  { id }: RunRecord,
  statuses: readonly OutcomeStatus[],
  isAccepted: boolean,
): Promise<boolean> {
  if (statuses.length === 0) return true
  const { billed, lastCostUsd } = await billOf(store.read(id), statuses, configuration.prices)
  if (billed === 0) return true
  const cost = lastCostUsd === null ? 'what they cost is not known' : `they cost ${dollars(lastCostUsd)} the last time`
  const message = `${counted(billed, 'row')} of run ${id} were billed, or may have been, and would be bought again; ${cost}.`
  if (isAccepted) {
    shell.tell(message)
    return true
  }
  if (!shell.canAsk) throw new LlmBatchError('usage', message, { next: 'Accept that with --yes.' })
  shell.tell(message)
  return await confirm(shell, 'Buy them again?')
}
