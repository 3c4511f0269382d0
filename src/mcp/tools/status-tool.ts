import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { findRun, openRunsAndLast } from '../../workspace/find-run.ts'
import type { AgentHome } from '../agent-home.ts'
import { runDocument } from '../run-document.ts'
import { dataAnswer, type ToolDocument } from '../tool-answer.ts'
import type { ToolDesk } from '../tool-desk.ts'
import { READING, RUN } from '../tool-shapes.ts'

/** Adds the tool that shows runs. */
export function addStatusTool(server: McpServer, desk: ToolDesk): void {
  server.registerTool(
    'status',
    {
      title: 'Look at runs',
      description:
        'How far a run is, what it has cost, why it is held, and what to do next; without a run, all unfinished ones.',
      inputSchema: z.strictObject({ run: RUN.optional() }),
      annotations: READING,
    },
    ({ run }) => desk.look((home) => statusTool(home, run)),
  )
}

/** Runs that are shown where none is named. */
const MOST_RUNS = 10

/** How far a run is, or all that are unfinished. Reads only. */
async function statusTool(home: AgentHome, wanted: string | undefined): Promise<CallToolResult> {
  const { random, store } = home.workspace
  if (wanted !== undefined) return dataAnswer(await runDocument(home, (await findRun(store, wanted)).id), random)
  const runs = await openRunsAndLast(store)
  const documents: ToolDocument[] = []
  for (const { id } of runs.slice(0, MOST_RUNS)) documents.push(await runDocument(home, id))
  return dataAnswer({ runs: documents, runsLeftOut: Math.max(0, runs.length - MOST_RUNS) }, random)
}
