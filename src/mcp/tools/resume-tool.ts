import type { CallToolResult, InputRequiredResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { LlmBatchError } from '../../model/error.ts'
import { commandLine } from '../../model/options/mention.ts'
import { takeRun } from '../../prepare/start.ts'
import { capMicrosOf, usdOf } from '../../prices/micros.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { budgetOf } from '../../workspace/budget.ts'
import { findRun } from '../../workspace/find-run.ts'
import { type AskingCall, askFor } from '../acceptance.ts'
import type { AgentHome } from '../agent-home.ts'
import { driveOn } from '../drive-on.ts'
import { assertConfigured } from '../price.ts'
import { runDocument } from '../run-document.ts'
import { dataAnswer } from '../tool-answer.ts'
import type { ToolDesk } from '../tool-desk.ts'
import { CONFIRMATION, RUN, SPENDING } from '../tool-shapes.ts'

/** Adds the tool that goes on with a run. */
export function addResumeTool(server: McpServer, desk: ToolDesk): void {
  server.registerTool(
    'resume',
    {
      title: 'Go on with a run',
      description:
        'Goes on with a run after a stop, a crash, or a hold whose cause is gone. A higher cap must be accepted.',
      inputSchema: z.strictObject({
        run: RUN,
        maxCostUsd: z.number().positive().optional().describe('Another cap of the whole run, in US dollars.'),
        confirmation: CONFIRMATION,
      }),
      annotations: { ...SPENDING, idempotentHint: true },
    },
    ({ confirmation, maxCostUsd, run }, context) =>
      desk.act((home) => resumeTool(home, { run, maxCostUsd }, desk.callOf(context, confirmation))),
  )
}

/** A run to go on with. */
export interface ResumeRequest {
  readonly run: string
  /** Another cap; a higher one is accepted like a price. @default the one that it has */
  readonly maxCostUsd: number | undefined
}

/** Goes on with a run after a stop, a crash, or a hold whose cause is gone. What was accepted before needs no question. */
async function resumeTool(
  home: AgentHome,
  { maxCostUsd, run: wanted }: ResumeRequest,
  call: AskingCall,
): Promise<CallToolResult | InputRequiredResult> {
  const { workspace } = home
  const run = await findRun(workspace.store, wanted)
  await assertAccepted(home, run)
  if (maxCostUsd !== undefined) {
    assertConfigured(workspace.configuration, capMicrosOf(maxCostUsd))
    const asking = raiseOf(home, run, capMicrosOf(maxCostUsd))
    const asked = asking === null ? undefined : await askFor(home, asking, call)
    if (asked !== undefined) return asked
    const { lock } = await takeRun(workspace, run.id, maxCostUsd)
    lock.release()
  }
  await driveOn(home, run.id)
  return dataAnswer({ status: 'resumed', ...(await runDocument(home, run.id)) }, workspace.random)
}

/** A run that was frozen and never sent may be one that no person has agreed to. */
async function assertAccepted({ offers, workspace }: AgentHome, { id }: RunRecord): Promise<void> {
  const { hasAdopted, hasSent } = await workspace.store.read(id).origin()
  if (hasSent || hasAdopted || (await offers.hasRun(id))) return
  throw new LlmBatchError('usage', `nothing of run ${id} was sent yet, and no plan of this server has become it`, {
    next: `Your user starts it with: ${commandLine('resume', id)}`,
  })
}

/** What a higher cap may cost more; null where it is not higher. */
function raiseOf({ workspace }: AgentHome, run: RunRecord, micros: number) {
  const { runMicros } = budgetOf(workspace, run)
  if (runMicros === null || micros <= runMicros) return null
  return {
    what: `resume ${run.id} ${runMicros} ${micros}`,
    question: `Raise the cap of run ${run.id} from $${usdOf(runMicros)} to $${usdOf(micros)}?`,
    micros: micros - runMicros,
    figures: { run: run.id, capUsd: usdOf(runMicros), newCapUsd: usdOf(micros) },
  }
}
