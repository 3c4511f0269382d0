import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { VARIABLES } from '../../config/variables.ts'
import { Gateway } from '../../gateway/gateway.ts'
import { assertGuarded, type ServedGateway, serveGateway } from '../../gateway/start-gateway.ts'
import { systemClock } from '../../lib/clock.ts'
import { systemDisk } from '../../lib/disk.ts'
import { grouped } from '../../lib/number.ts'
import { EXIT, LlmBatchError, messageOf } from '../../model/error.ts'
import { DEFAULT_PROVIDER } from '../../model/named-providers.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import type { ProviderEntry } from '../../providers/provider-entry.ts'
import { findProvider } from '../../providers/registry.ts'
import { secretsOf } from '../../providers/secrets.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { untilSignalled } from '../drive/interruption.ts'
import { sendTraces } from '../drive/run-events.ts'
import { asKnownError } from '../exit-code.ts'
import { durationMsFlag } from '../flags/flag-values.ts'
import { addressOption, portOption } from '../flags/listening-flags.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { renderError } from '../render/views/error-view.ts'
import type { Shell } from '../shell.ts'

interface GatewayFlags extends OptionsOf<'gateway'> {
  readonly provider: string
  readonly name?: string | undefined
  readonly port: number
  readonly address: string
  readonly hold: number
  readonly idle: number
  readonly pass?: boolean | undefined
  readonly retry?: boolean | undefined
}

const DEFAULT_PORT = 8790

/** Below the five minutes after which the `fetch` of Node gives up a call without a first byte. */
const HOLD_MS = 240_000

const IDLE_MS = 2_000

/** As many as one batch takes at most providers; bytes so that they stay in memory. */
const GATHERED_CALLS = 50_000
const GATHERED_BYTES = 100_000_000

/** `llm-batch gateway`: calls of programs over HTTP, answered by batches, until it is stopped. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'gateway')
    .addOption(new Option('--provider <name>', 'whose API it speaks').default(DEFAULT_PROVIDER))
    .option('--name <name>', 'name of its runs, before the day (default: gateway and the provider)')
    .addOption(portOption(DEFAULT_PORT))
    .addOption(addressOption(`another than loopback needs ${VARIABLES.gatewayToken}`))
    .addOption(
      durationOption('--hold <duration>', 'how long a connection is held at most for an answer', HOLD_MS, '4m'),
    )
    .addOption(durationOption('--idle <duration>', 'calls are sent when none has come for so long', IDLE_MS, '2s'))
    .option('--pass', "send what batches do not take to the provider as it is, at the full price, with the run's key")
    .option('--retry', 'send again at the start what ended without an answer and without a bill')
    .action(async (flags: GatewayFlags) => {
      // Before anything is opened or made.
      assertGuarded({ address: flags.address, token: tokenIn(shell) })
      setExitCode(await withHome(shell, flags, (workspace) => serve(shell, workspace, flags)))
    })
}

function durationOption(flag: string, help: string, usualMs: number, usual: string): Option {
  return new Option(flag, help).argParser(durationMsFlag).default(usualMs, usual)
}

async function serve(shell: Shell, workspace: Workspace, flags: GatewayFlags): Promise<number> {
  const entry = findProvider(flags.provider)
  const gateway = await Gateway.open(workspace, {
    name: flags.name ?? `gateway-${flags.provider}`,
    provider: flags.provider,
    gathering: { idleMs: flags.idle, calls: GATHERED_CALLS, bytes: GATHERED_BYTES },
    maxCostUsd: flags.maxCost,
    retries: flags.retry,
    journals: { disk: systemDisk, folder: join(workspace.localFolder, 'gateway') },
    onTrouble: tellerOfTrouble(shell),
    onHeld: (run) => shell.tell(`Run ${run} is held, and its calls wait. See: llm-batch status ${run}`),
  })
  // Listened for before anyone is told that Ctrl-C stops it.
  const signalled = untilSignalled()
  let served: ServedGateway | undefined
  try {
    served = await listen(shell, gateway, entry, flags)
    await tellStart(shell, gateway, entry, served.url)
    await signalled
  } finally {
    await served?.close()
    await gateway.close()
    await sendTraces(shell, systemClock)
  }
  return await tellEnd(shell, gateway)
}

async function listen(
  shell: Shell,
  gateway: Gateway,
  entry: ProviderEntry,
  { address, hold, pass, port }: GatewayFlags,
): Promise<ServedGateway> {
  const { configuration } = gateway.workspace
  const { apiKey, baseUrl, tokens } = configuration.credentialsFor(entry)
  const token = tokenIn(shell)
  const served = await serveGateway(gateway, {
    port,
    address,
    token,
    holdMs: hold,
    isPassing: pass === true,
    secrets: tokens?.given ?? secretsOf({ apiKey }),
    onTrouble: (error) => shell.tell(renderError(asKnownError(error), shell.errorColors)),
  })
  if (new URL(baseUrl).origin !== new URL(served.url).origin) return served
  await served.close()
  throw new LlmBatchError('configuration', `${entry.baseUrlVariable} is the address of the gateway itself`, {
    next: `Start the gateway where ${entry.baseUrlVariable} is not set.`,
  })
}

function tokenIn({ machine }: Shell): string | null {
  const token = machine.environment[VARIABLES.gatewayToken]?.trim() ?? ''
  return token === '' ? null : token
}

async function tellStart(shell: Shell, gateway: Gateway, entry: ProviderEntry, url: string): Promise<void> {
  const key = tokenIn(shell) === null ? 'gateway' : `$${VARIABLES.gatewayToken}`
  const path = new URL(entry.defaultBaseUrl).pathname.replace(/\/$/, '')
  await shell.print(`export ${entry.baseUrlVariable}=${url}${path} ${entry.keyVariable}=${key}\n`)
  for (const { calls, run } of await gateway.unanswered()) {
    shell.tell(`Run ${run}: ${grouped(calls)} calls of before are waited for.`)
  }
  shell.tell(`Taking calls for ${entry.name} into run ${gateway.runOfDay}. Stop with Ctrl-C.`)
}

/** How many calls are open, and what takes them further. */
async function tellEnd(shell: Shell, gateway: Gateway): Promise<number> {
  const open = await gateway.unanswered()
  for (const { calls, run } of open) {
    shell.tell(`Run ${run}: ${grouped(calls)} calls are not answered yet.`)
  }
  if (open.length === 0) return EXIT.ok
  shell.tell('Start the gateway again, or use llm-batch tick: what was sent is waited for.')
  return EXIT.unfinished
}

/** Tells each trouble of a run once, until there is another. */
function tellerOfTrouble(shell: Shell): (run: string, error: unknown) => void {
  const told = new Map<string, string>()
  return (run, error) => {
    const message = messageOf(error)
    if (told.get(run) === message) return
    told.set(run, message)
    shell.tell(`Run ${run}: ${renderError(asKnownError(error), shell.errorColors)}`)
  }
}
