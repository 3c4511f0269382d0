import { type Command, Option } from 'commander'
import type { HttpListener } from '../../lib/http/listener.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { webhookHandlers } from '../../webhooks/in/handlers.ts'
import { knownSenders, partsOf } from '../../webhooks/in/open-webhooks.ts'
import type { Woken } from '../../webhooks/in/receiver.ts'
import type { Sender } from '../../webhooks/in/senders.ts'
import { serveWebhooks } from '../../webhooks/in/serve.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { untilSignalled } from '../drive/interruption.ts'
import { asKnownError } from '../exit-code.ts'
import { addressOption, portOption } from '../flags/listening-flags.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { counted } from '../render/terminal/quantity.ts'
import { renderError } from '../render/views/error-view.ts'
import type { Shell } from '../shell.ts'

interface WebhooksFlags extends OptionsOf<'webhooks'> {
  readonly port: number
  readonly address: string
  readonly path: string
}

const DEFAULT_PORT = 8791
const DEFAULT_PATH = '/webhooks'

/** `llm-batch webhooks`: takes webhooks of providers and has the batches that they name looked at, until it is stopped. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'webhooks')
    .addOption(portOption(DEFAULT_PORT))
    .addOption(addressOption('only programs of this machine reach the default'))
    .addOption(new Option('--path <path>', 'path that providers call').argParser(pathFlag).default(DEFAULT_PATH))
    .action(async (flags: WebhooksFlags) => {
      setExitCode(await withHome(shell, flags, (workspace) => serve(shell, workspace, flags)))
    })
}

/** A path without patterns, which a route would read as such. */
function pathFlag(text: string): string {
  if (/^\/[\w/.~-]*$/.test(text)) return text
  throw new LlmBatchError('usage', `--path takes a path, not ${JSON.stringify(text)}`, {
    next: `Write it like ${DEFAULT_PATH}.`,
  })
}

async function serve(shell: Shell, workspace: Workspace, flags: WebhooksFlags): Promise<number> {
  const senders = knownSenders(workspace)
  let refusals = 0
  const handlers = webhookHandlers(
    partsOf(workspace, senders, {
      onWake: (woken) => shell.tell(wokenLine(woken)),
      onRefusal: () => {
        refusals += 1
        if (refusals === 1)
          shell.tell('A request without a valid signature was refused; further ones are only counted.')
      },
      onTrouble: (error) => shell.tell(renderError(asKnownError(error), shell.errorColors)),
    }),
  )
  // Listened for before anyone is told that Ctrl-C stops it.
  const signalled = untilSignalled()
  let served: HttpListener | undefined
  try {
    served = await serveWebhooks(handlers, workspace.clock, flags)
    await shell.print(`${served.url}${flags.path}\n`)
    shell.tell(`Taking webhooks of ${sendersLine(senders)}. Stop with Ctrl-C.`)
    await signalled
  } finally {
    await served?.close()
  }
  if (refusals > 0) shell.tell(`${counted(refusals, 'request')} without a valid signature in all.`)
  return EXIT.ok
}

function wokenLine({ provider, run }: Woken): string {
  return `${provider}: a batch of run ${run} is looked at now.`
}

/** Each provider with the number of its secrets. */
function sendersLine(senders: readonly Sender[]): string {
  const names = senders.flatMap(({ providers }) => providers)
  const counts = [...new Set(names)].map((name) => {
    const count = names.filter((other) => other === name).length
    return count === 1 ? name : `${name} (${count} secrets)`
  })
  return counts.join(', ')
}
