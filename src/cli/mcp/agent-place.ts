import { resolve } from 'node:path'
import { startDetached } from '../../lib/command.ts'
import { systemDisk } from '../../lib/disk.ts'
import type { AgentPlace } from '../../mcp/agent-place.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { ProviderError } from '../../providers/provider.ts'
import { asKnownError } from '../exit-code.ts'
import { withHome } from '../open-home.ts'
import { programPath } from '../program-path.ts'
import { remoteDocument, takeInventory } from '../remote/inventory.ts'
import { failureWords } from '../render/views/error-view.ts'
import type { Shell } from '../shell.ts'

/** Flags of `llm-batch mcp`. */
export interface McpFlags extends OptionsOf<'mcp'> {
  readonly root?: readonly string[] | undefined
  readonly acceptUpTo: number
}

/** What the tools of agents need, from the process and its flags. */
export function agentPlace(shell: Shell, flags: McpFlags): AgentPlace {
  const { environment, workingFolder } = shell.machine
  return {
    withHome: (work) => withHome(shell, flags, work),
    startCommand: (command, runId, log) =>
      startDetached([process.execPath, programPath('main'), command, runId, '--quiet', ...placeWords(flags)], {
        environment: { ...environment },
        folder: workingFolder,
        log,
      }),
    remoteInventory: async (workspace, question) => remoteDocument(await takeInventory(workspace, question)),
    asKnownError: (error) => told(asKnownError(error)),
    disk: systemDisk,
    workingFolder,
    roots: (flags.root ?? ['.']).map((folder) => resolve(workingFolder, folder)),
    acceptUpToUsd: flags.acceptUpTo,
  }
}

/** The flags that lead another process to the same home. */
function placeWords({ config, home }: OptionsOf<'mcp'>): readonly string[] {
  return [...(home === undefined ? [] : ['--home', home]), ...(config === undefined ? [] : ['--config', config])]
}

function told(error: unknown): unknown {
  if (!(error instanceof ProviderError)) return error
  const { message, next } = failureWords(error.failure)
  return new LlmBatchError('provider', message, { next, cause: error })
}
