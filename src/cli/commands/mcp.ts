import { type Command, Option } from 'commander'
import { EXIT } from '../../model/error.ts'
import { untilSignalled } from '../drive/interruption.ts'
import { numberFlag, repeatedFlag } from '../flags/flag-values.ts'
import { addOptions } from '../flags/option-flags.ts'
import type { McpFlags } from '../mcp/agent-place.ts'
import type { Shell } from '../shell.ts'

/** `llm-batch mcp`: tools for agents on standard input and output, until the client closes them. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'mcp')
    .addOption(
      new Option(
        '--accept-up-to <usd>',
        'US dollars within 24 hours that agents may accept where their client cannot ask a person',
      )
        .argParser(numberFlag)
        .default(0),
    )
    .option(
      '--root <folder>',
      'folder below which inputs and answers lie; may be repeated (default: the working folder)',
      repeatedFlag,
    )
    .action(async (flags: McpFlags) => {
      await serve(shell, flags)
      setExitCode(EXIT.ok)
    })
}

async function serve(shell: Shell, flags: McpFlags): Promise<void> {
  // Only this command needs the protocol.
  const [{ serveAgents }, { agentPlace }] = await Promise.all([
    import('../../mcp/serve-agents.ts'),
    import('../mcp/agent-place.ts'),
  ])
  const { input, output } = shell.streams
  if (shell.canAsk)
    shell.tell('A client of the Model Context Protocol starts this command; see docs/agents.md. Stop with Ctrl-C.')
  const served = serveAgents(agentPlace(shell, flags), { input, output })
  await Promise.race([served.closed, untilSignalled()])
  await served.close()
}
