import type { CallToolResult, InputRequiredResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { assertLimitable, type RetryOptions, refuseRetry, reopen } from '../../drive/retry.ts'
import { type RetryBill, retryBillOf } from '../../drive/retry-bill.ts'
import { LlmBatchError } from '../../model/error.ts'
import { OUTCOME_STATUSES, type OutcomeStatus } from '../../model/outcome.ts'
import { isFinished } from '../../model/run.ts'
import { takeRun } from '../../prepare/start.ts'
import { microsOf, usdOf } from '../../prices/micros.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { RunStore } from '../../store/store.ts'
import { INPUT_MARGIN, OUTPUT_MARGIN } from '../../submit/budget.ts'
import { capRun } from '../../workspace/budget.ts'
import { findRun } from '../../workspace/find-run.ts'
import { type AskingCall, askFor } from '../acceptance.ts'
import type { AgentHome } from '../agent-home.ts'
import { driveOn } from '../drive-on.ts'
import { assertConfigured } from '../price.ts'
import { runDocument } from '../run-document.ts'
import { dataAnswer } from '../tool-answer.ts'
import type { ToolDesk } from '../tool-desk.ts'
import { CONFIRMATION, RUN, SPENDING } from '../tool-shapes.ts'

/** What can be named to be sent again. */
const UNSUCCESSFUL = OUTCOME_STATUSES.filter((status) => status !== 'succeeded')

/** Adds the tool that sends rows again. */
export function addRetryTool(server: McpServer, desk: ToolDesk): void {
  server.registerTool(
    'retry',
    {
      title: 'Send failed rows again',
      description:
        'Sends rows of a finished run again: by default what failed and was not billed. Statuses that were billed are bought again, and must be accepted.',
      inputSchema: z.strictObject({
        run: RUN,
        statuses: z
          .array(z.enum(UNSUCCESSFUL))
          .min(1)
          .optional()
          .describe('Outcomes to buy again, also where they were billed.'),
        maxTokens: z.int().positive().optional().describe('Another limit of tokens for each new answer.'),
        confirmation: CONFIRMATION,
      }),
      annotations: SPENDING,
    },
    ({ confirmation, maxTokens = null, run, statuses = [] }, context) =>
      desk.act((home) => retryTool(home, { run, statuses, maxTokens }, desk.callOf(context, confirmation))),
  )
}

/** Rows of a run to send again. */
export interface RetryRequest {
  readonly run: string
  /** Outcomes to buy again; none for what was certainly not billed. */
  readonly statuses: readonly OutcomeStatus[]
  readonly maxTokens: number | null
}

/**
 * Sends rows of a finished run again. What was not billed was accepted before; anything else is bought again, and accepted
 * like a price, which is added to what the run has cost and becomes its cap.
 */
async function retryTool(
  home: AgentHome,
  { maxTokens, run: wanted, statuses }: RetryRequest,
  call: AskingCall,
): Promise<CallToolResult | InputRequiredResult> {
  const { configuration, random, store } = home.workspace
  const run = await findRun(store, wanted)
  if (!isFinished(run.state)) {
    throw new LlmBatchError('usage', `run ${run.id} is not finished; nothing was sent`, {
      next: 'Wait for its end, or call resume where no process works on it.',
    })
  }
  const options = { statuses, maxTokens }
  await refuseRetry(home.workspace, store.read(run.id), options, () => undefined)
  if (maxTokens !== null) await assertLimitable(home.workspace, await store.read(run.id).allAttempts())
  const bill = await retryBillOf(store.read(run.id), options, configuration)
  if (bill.requests === 0) return dataAnswer({ status: 'nothing', ...(await runDocument(home, run.id)) }, random)
  const isFree = bill.billed === 0 && maxTokens === null
  const micros = isFree ? 0 : priceOf(bill)
  if (!isFree) {
    if (micros !== null) assertConfigured(configuration, (await spentOn(store.read(run.id))) + micros)
    const what = `retry ${run.id} ${statuses.join(',')} ${maxTokens ?? ''} ${await spentOn(store.read(run.id))}`
    const asked = await askFor(home, { what, ...askingOf(run, bill, micros) }, call)
    if (asked !== undefined) return asked
  }
  const count = await sendAgain(home, run, options, isFree ? null : micros)
  await driveOn(home, run.id)
  return dataAnswer({ status: 'retrying', rowsAgain: count, ...(await runDocument(home, run.id)) }, random)
}

/** With margins, as they are set aside; null where it is not known. */
function priceOf({ lastCostUsd, mostCostUsd, requests }: RetryBill): number | null {
  const usd = mostCostUsd === null ? lastCostUsd && lastCostUsd * OUTPUT_MARGIN : mostCostUsd * INPUT_MARGIN
  return usd === null ? null : microsOf(usd) + requests
}

function askingOf({ id }: RunRecord, bill: RetryBill, micros: number | null) {
  const { billed, lastCostUsd, mostCostUsd, requests, rows } = bill
  return {
    question: `Send ${rows} rows of run ${id} again, of which ${billed} were billed or may have been?`,
    micros,
    figures: { rows, requests, billed, lastCostUsd, mostCostUsd },
  }
}

/** Gives the rows back, with the accepted sum on top of what was spent as the cap, in place of a lower one. */
async function sendAgain(
  { workspace }: AgentHome,
  { id, maxCostMicros }: RunRecord,
  options: RetryOptions,
  micros: number | null,
): Promise<number> {
  const { lock, store } = await takeRun(workspace, id)
  try {
    if (micros !== null) {
      const cap = (await spentOn(store)) + micros
      if (maxCostMicros === null || cap > maxCostMicros) await capRun(workspace, store, usdOf(cap))
    }
    return (await reopen(store, options, workspace.configuration.settings.canary)).count
  } finally {
    lock.release()
  }
}

async function spentOn(store: RunStore): Promise<number> {
  const { reserved, settled } = (await store.spending(0)).run
  return reserved + settled
}
