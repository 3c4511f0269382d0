import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { assertCancellable } from '../../drive/cancel.ts'
import { findRun } from '../../workspace/find-run.ts'
import type { AgentHome } from '../agent-home.ts'
import { driveOn } from '../drive-on.ts'
import { runDocument } from '../run-document.ts'
import { dataAnswer } from '../tool-answer.ts'
import type { ToolDesk } from '../tool-desk.ts'
import { RUN } from '../tool-shapes.ts'

/** Adds the tool that cancels a run. */
export function addCancelTool(server: McpServer, desk: ToolDesk): void {
  server.registerTool(
    'cancel',
    {
      title: 'Cancel a run',
      description: 'Cancels a run at the provider. What was finished is kept and paid for; the rest is not bought.',
      inputSchema: z.strictObject({ run: RUN }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
    },
    ({ run }) => desk.act((home) => cancelTool(home, run)),
  )
}

/** Asks for a run to be cancelled at the provider; a process carries that out and keeps what was finished. */
async function cancelTool(home: AgentHome, wanted: string): Promise<CallToolResult> {
  const { random, store } = home.workspace
  const { id, state } = await findRun(store, wanted)
  assertCancellable(state, id)
  await store.requestCancel(id)
  await driveOn(home, id, 'cancel')
  return dataAnswer({ status: 'cancelling', ...(await runDocument(home, id)) }, random)
}
