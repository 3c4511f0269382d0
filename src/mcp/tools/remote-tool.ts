import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { DAY_MS } from '../../lib/duration.ts'
import { commandLine, inFlags } from '../../model/options/mention.ts'
import type { AgentHome } from '../agent-home.ts'
import type { RemoteQuestion } from '../agent-place.ts'
import { CappedList } from '../capped-list.ts'
import { dataAnswer } from '../tool-answer.ts'
import type { ToolDesk } from '../tool-desk.ts'
import { READING, USUAL_BYTES } from '../tool-shapes.ts'

/** Adds the tool that looks for unknown batches. */
export function addRemoteTool(server: McpServer, desk: ToolDesk): void {
  server.registerTool(
    'remote',
    {
      title: 'Look for unknown batches',
      description:
        'Batches and files at the provider that no run here knows, such as those of a lost home. Reads only.',
      inputSchema: z.strictObject({
        provider: z.string().optional().describe('Only this provider (default: all that have a key).'),
        days: z.int().min(1).max(90).optional().describe('Days to look back (default: 31).'),
      }),
      annotations: { ...READING, openWorldHint: true },
    },
    ({ days = 31, provider }) =>
      desk.look((home) => remoteTool(home, { provider, sinceMs: days * DAY_MS }, USUAL_BYTES)),
  )
}

/** Batches and files at providers that no run here knows, as many of each as fit. Reads only. */
async function remoteTool(
  { place, workspace }: AgentHome,
  question: RemoteQuestion,
  maxBytes: number,
): Promise<CallToolResult> {
  const { providers } = await place.remoteInventory(workspace, question)
  const most = maxBytes / Math.max(1, providers.length) / 2
  const capped = providers.map(({ batches, files, ...provider }) => {
    const shownBatches = upTo(batches, most)
    const shownFiles = upTo(files, most)
    return {
      ...provider,
      batches: shownBatches,
      batchesLeftOut: batches.length - shownBatches.length,
      files: shownFiles,
      filesLeftOut: files.length - shownFiles.length,
    }
  })
  const next = `Nothing was changed. Your user takes a batch over with: ${inFlags(commandLine('remote', 'adopt', 'RUN'))}`
  return dataAnswer({ providers: capped, next }, workspace.random)
}

function upTo(items: readonly object[], maxBytes: number): readonly object[] {
  const list = new CappedList<object>(maxBytes)
  for (const item of items) if (!list.add(item)) break
  return list.items
}
