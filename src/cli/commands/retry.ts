import type { Command } from 'commander'
import { assertLimitable, type Reopened, type RetryOptions, refuseRetry, reopen } from '../../drive/retry.ts'
import { type RetryBill, retryBillOf } from '../../drive/retry-bill.ts'
import { systemClock } from '../../lib/clock.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { Happening } from '../../model/event.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import type { OutcomeStatus } from '../../model/outcome.ts'
import { isAtRest } from '../../model/run.ts'
import { dollars } from '../../prices/dollars.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { exitCodeOf } from '../../workspace/report.ts'
import { type Retryable, retryableOf, type StatusRows } from '../../workspace/retryable.ts'
import { standingOf } from '../../workspace/standing.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { driveRun } from '../drive/drive-run.ts'
import { Hooks } from '../drive/hooks.ts'
import { Interruption } from '../drive/interruption.ts'
import { RunEvents } from '../drive/run-events.ts'
import { takeUp } from '../drive/take-up.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { confirm } from '../questions/ask.ts'
import { chooseRun } from '../questions/choose-run.ts'
import { count, counted } from '../render/terminal/quantity.ts'
import { retrySteps, rowsAgain } from '../render/views/next-command.ts'
import type { Shell } from '../shell.ts'

type RetryFlags = OptionsOf<'retry'>

/** `llm-batch retry RUN`: sends unfinished and unbilled rows again; others only where their status is named. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command.argument('<run>', 'an id, the beginning of one, a name, or last'), 'retry').action(
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
  const hooks = await Hooks.open(shell, workspace, events, flags)
  const run = await chooseRun(shell, workspace, wanted)
  const options = { statuses: flags.status ?? [], maxTokens: flags.maxTokens ?? null, forceModel: flags.forceModel }
  const tell = (happening: Happening) => events.tell({ run: run.id, name: run.name, ...happening })
  await refuseRetry(workspace, workspace.store.read(run.id), options, tell)
  if (!(await accept(shell, workspace, run, options, flags.yes === true))) {
    shell.tell('Nothing was sent.')
    return EXIT.usage
  }
  const taken = await takeUp(shell, workspace, run, {
    ...flags,
    mustBeFile: flags.json === true || flags.wait === false || flags.detach === true,
  })
  const retryable = await retryableIn(workspace, run.id)
  const reopened = await reopen(taken.store, options, workspace.configuration.settings.canary)
  if (reopened.count === 0 && isAtRest(run.state)) {
    taken.lock.release()
    shell.tell(describeNothing(run, options, retryable))
    return exitCodeOf({ run, counts: await taken.store.counts() }, flags.maxFailed ?? 0)
  }
  const canary = reopened.hasCanary ? '; a few of them are asked directly first' : ''
  const sending = flags.detach ? 'workers send' : 'sending'
  if (!flags.quiet) shell.tell(`Run ${run.id}: ${sending} ${describeSent(reopened, options, retryable)}${canary}.`)
  const until = flags.wait === false ? 'submitted' : 'finished'
  const releaseHeld = flags.detach !== true
  return await driveRun({ shell, workspace, taken, events, hooks, interruption, flags, until, releaseHeld })
}

async function retryableIn({ configuration, store }: Workspace, id: string): Promise<Retryable> {
  return retryableOf(await standingOf(store.read(id)), configuration)
}

/** Why nothing was sent, and what would send something. */
function describeNothing({ id }: RunRecord, { statuses }: RetryOptions, retryable: Retryable): string {
  const what = statuses.length > 0 ? `rows that are ${statuses.join(' or ')}` : 'rows that were not billed'
  const steps = retrySteps(id, retryable)
  const instead = steps.length === 0 ? '' : ` Next: ${steps.join(', or: ')}`
  return `Run ${id} has no ${what} to send again; nothing was sent.${instead}`
}

/** The rows that are sent again, by what became of them; only their number where other rows of a held run go on too. */
function describeSent({ count: total }: Reopened, { statuses }: RetryOptions, retryable: Retryable): string {
  const rows = statuses.length > 0 ? statuses.flatMap((status) => rowsOf(retryable, status)) : retryable.unbilled
  return rows.reduce((sum, one) => sum + one.rows, 0) === total ? rowsAgain(rows) : `${counted(total, 'row')} again`
}

function rowsOf({ billed, unbilled }: Retryable, status: OutcomeStatus): readonly StatusRows[] {
  const rows = [...unbilled, ...billed].filter((one) => one.status === status).reduce((sum, one) => sum + one.rows, 0)
  return rows === 0 ? [] : [{ status, rows }]
}

/** Says what may be paid, and asks; a script says yes by `--yes`. */
async function accept(
  shell: Shell,
  workspace: Workspace,
  { id }: RunRecord,
  options: RetryOptions,
  isAccepted: boolean,
): Promise<boolean> {
  const { configuration, store } = workspace
  if (options.statuses.length === 0 && options.maxTokens === null) return true
  const run = store.read(id)
  if (options.maxTokens !== null) await assertLimitable(workspace, await run.allAttempts())
  const bill = await retryBillOf(run, options, configuration)
  if (bill.requests === 0) return true
  const message = describeBill(id, bill, options)
  const most = bill.mostCostUsd
  const isCheap = most === null ? !shell.canAsk : most <= configuration.budget.askAboveUsd
  const isAgreed = bill.billed === 0 && (options.maxTokens === null || isCheap)
  if (message !== '' && (isAgreed || isAccepted || shell.canAsk)) shell.tell(message)
  if (isAgreed || isAccepted) return true
  if (!shell.canAsk) throw new LlmBatchError('usage', message, { next: 'Accept that with --yes.' })
  return await confirm(shell, bill.billed > 0 ? 'Buy them again?' : 'Send them?')
}

/** What would be sent again, what it cost the last time, and what it may cost now. */
function describeBill(id: string, bill: RetryBill, { maxTokens }: RetryOptions): string {
  const { billed, lastCostUsd, mostCostUsd, requests } = bill
  const parts: string[] = []
  if (billed > 0) {
    const cost =
      lastCostUsd === null ? 'what they cost is not known' : `they cost ${dollars(lastCostUsd)} the last time`
    parts.push(
      `${counted(billed, 'row')} of run ${id} were billed, or may have been, and would be bought again; ${cost}`,
    )
  }
  if (maxTokens !== null) {
    const most = mostCostUsd === null ? 'what they may cost is not known' : `they may cost ${dollars(mostCostUsd)}`
    parts.push(`${counted(requests, 'row')} would be sent with answers of at most ${count(maxTokens)} tokens; ${most}`)
  }
  return parts.map((part) => `${part}.`).join(' ')
}
