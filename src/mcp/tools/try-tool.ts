import type { CallToolResult, InputRequiredResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { planWork } from '../../prepare/plan-run.ts'
import { type TriedRow, tryRows } from '../../prepare/try-rows.ts'
import { sumUsd } from '../../prices/dollars.ts'
import { type AskingCall, askFor } from '../acceptance.ts'
import type { AgentHome } from '../agent-home.ts'
import { CappedList, type CutText, cutText } from '../capped-list.ts'
import { figuresOf } from '../figures.ts'
import { tryPriceOf } from '../price.ts'
import { dataAnswer } from '../tool-answer.ts'
import type { ToolDesk } from '../tool-desk.ts'
import { BYTES, CONFIRMATION, SPENDING, TOKEN, USUAL_BYTES } from '../tool-shapes.ts'
import { optionsOf } from '../work.ts'

/** Adds the tool that asks a few rows directly. */
export function addTryTool(server: McpServer, desk: ToolDesk): void {
  server.registerTool(
    'try',
    {
      title: 'Try a few rows',
      description:
        'Asks a few random rows of a plan directly, at the full price, and shows the answers. Spends money: each try must be accepted.',
      inputSchema: z.strictObject({
        token: TOKEN,
        rows: z.int().min(1).max(20).optional().describe('Rows to ask (default: 3).'),
        seed: z.int().min(0).optional().describe('Another seed draws other rows (default: 1).'),
        maxBytes: BYTES,
        confirmation: CONFIRMATION,
      }),
      annotations: SPENDING,
    },
    ({ confirmation, maxBytes = USUAL_BYTES, rows = 3, seed = 1, token }, context) =>
      desk.act((home) => tryTool(home, { token, rows, seed, maxBytes }, desk.callOf(context, confirmation))),
  )
}

/** Characters of a prompt that are shown. */
const SHOWN_PROMPT = 1_000

/** Rows of a planned work to be asked directly. */
export interface TryRequest {
  readonly token: string
  readonly rows: number
  readonly seed: number
  readonly maxBytes: number
}

/**
 * Asks a few rows of an offer in synchronous calls, at the full price, once that is accepted. Each try is paid for, so each
 * has a confirmation of its own.
 */
async function tryTool(
  home: AgentHome,
  { maxBytes, rows, seed, token }: TryRequest,
  call: AskingCall,
): Promise<CallToolResult | InputRequiredResult> {
  const { offers, workspace } = home
  const offer = await offers.read(token)
  const options = { ...optionsOf(offer.work), sample: rows, seed }
  const planned = await planWork(workspace, options)
  const asking = {
    what: `try ${token} ${rows} ${seed} ${offer.tries}`,
    question: `Ask ${planned.summary.requests} rows directly, at the full price?`,
    micros: tryPriceOf(planned.summary),
    figures: { ...figuresOf(planned) },
  }
  const asked = await askFor(home, asking, call)
  if (asked !== undefined) return asked
  await offers.note(token, { tries: offer.tries + 1 })
  const tried = await tryRows(workspace, { ...options, plannedAs: planned.work }, NOBODY)
  const list = new CappedList<object>(maxBytes)
  for (const row of tried.rows) list.add(triedDocument(row, maxBytes))
  const document = {
    status: 'tried',
    costUsd: sumUsd(tried.rows.map(({ costUsd }) => costUsd)),
    wholeCostUsd: tried.wholeCostUsd,
    rows: list.items,
    rowsLeftOut: tried.rows.length - list.items.length,
    next: 'Nothing of a try is stored. Where the answers are right, call start; else plan with another prompt.',
  }
  return dataAnswer(document, workspace.random)
}

const NOBODY = { onReview: () => undefined, onRow: () => Promise.resolve() }

function triedDocument({ costUsd, failure, id, line, outcome, problems, request }: TriedRow, maxBytes: number): object {
  return {
    line,
    id,
    request: request === null ? null : request.body.slice(0, SHOWN_PROMPT),
    status: outcome?.status ?? 'failed',
    output: shownOutput(outcome?.output ?? null, maxBytes),
    error: outcome?.reason ?? failure?.message ?? problems[0]?.detail ?? null,
    costUsd,
  }
}

function shownOutput(output: string | null, maxBytes: number): CutText | null {
  return output === null ? null : cutText(output, maxBytes)
}
