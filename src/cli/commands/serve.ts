import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { folderBeside } from '../../config/home-address.ts'
import { systemDisk } from '../../lib/disk.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import { DEFAULT_PROVIDER } from '../../model/named-providers.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { findProvider } from '../../providers/registry.ts'
import { SIMULATED_KEY } from '../../providers/secrets.ts'
import { addressesOf } from '../../server/addresses.ts'
import type { SimulatedModel, WebhookOptions } from '../../server/options.ts'
import { startLocalServer } from '../../server/start.ts'
import { untilSignalled } from '../drive/interruption.ts'
import { countFlag, countOrZeroFlag, durationMsFlag, repeatedFlag } from '../flags/flag-values.ts'
import { addOptions } from '../flags/option-flags.ts'
import type { UpstreamFlags } from '../local/serve-upstream.ts'
import { loadSettings } from '../open-home.ts'
import type { Shell } from '../shell.ts'

interface ServeFlags extends OptionsOf<'serve'>, Partial<UpstreamFlags> {
  readonly simulate?: boolean | undefined
  readonly folder?: string | undefined
  readonly fault?: readonly string[] | undefined
  readonly answers?: string | undefined
  readonly seed?: number | undefined
  readonly validate?: number | undefined
  readonly run?: number | undefined
  readonly finalize?: number | undefined
  readonly uploadNames?: 'jsonl' | 'any' | undefined
  readonly ends?: readonly string[] | undefined
  readonly peculiar?: readonly string[] | undefined
  readonly streamRefuses?: 'row' | 'batch' | undefined
  readonly webhookUrl?: string | undefined
  readonly webhookSecret?: string | undefined
}

/** `llm-batch serve`: the local batch server, with invented answers or those of a model server, until it is stopped. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'serve')
    .option('--upstream <url>', 'execute batches for real, by the model server at this address')
    .option('--simulate', 'answer with simulated texts, without a model')
    .option('--port <n>', 'port on 127.0.0.1 (default: a free one)', countOrZeroFlag)
    .option('--folder <folder>', 'folder for its files and books (default: server, in the home)')
  for (const [heading, options] of Object.entries(RARE_OPTIONS)) {
    for (const option of options()) command.addOption(option.helpGroup(`${heading}:`))
  }
  command.action(async (flags: ServeFlags) => {
    await serve(shell, flags)
    setExitCode(EXIT.ok)
  })
}

/** Options that only long help shows, by their headings. */
const RARE_OPTIONS: Readonly<Record<string, () => readonly Option[]>> = {
  'Model server': () => [
    new Option('--upstream-key <variable>', 'environment variable with its key (default: it wants no key)'),
    new Option('--concurrency <n>', 'requests that it has at once (default: 4)').argParser(countFlag),
    new Option('--row-timeout <duration>', 'time for one request (default: 10m)').argParser(durationMsFlag),
    new Option('--retry-executed', 'ask again for rows that may have been executed, because the model costs nothing'),
  ],
  Limits: () => [
    new Option('--expire-after <duration>', 'when a batch expires (default: its own window)').argParser(durationMsFlag),
    new Option('--queue-tokens <n>', 'maximum input tokens queued per model (default: no limit)').argParser(countFlag),
    new Option('--max-requests <n>', "maximum rows per batch (default: the provider's)").argParser(countFlag),
    new Option('--max-bytes <n>', "maximum bytes per input file (default: the provider's)").argParser(countFlag),
  ],
  'Invented answers': () => [
    new Option('--fault <rule>', 'fault to inject, such as create:1=accept-then-500; may be repeated').argParser(
      repeatedFlag,
    ),
    new Option('--answers <shares>', 'shares of flawed answers, such as invalid=0.05,fenced=0.1,empty=0.01'),
    new Option('--seed <n>', 'random seed of ids, order and faults; the same seed gives the same ones').argParser(
      countOrZeroFlag,
    ),
    new Option('--validate <duration>', 'how long a batch is validated').argParser(durationMsFlag),
    new Option('--run <duration>', 'how long a batch runs').argParser(durationMsFlag),
    new Option('--finalize <duration>', 'how long the results of a batch take').argParser(durationMsFlag),
    new Option('--ends <model=date>', 'day on which a listed model ends; may be repeated').argParser(repeatedFlag),
    new Option('--peculiar <names>', 'play a host with peculiarities, such as no-metadata,unpaged-list').argParser(
      (text) => text.split(','),
    ),
    new Option('--upload-names <names>', 'file names that uploads for batches may have (default: jsonl)').choices([
      'jsonl',
      'any',
    ]),
    new Option('--stream-refuses <what>', 'what the server refuses for a row with stream: true (default: row)').choices(
      ['row', 'batch'],
    ),
    new Option('--webhook-url <url>', 'address that is told of every batch that has ended, by a signed webhook'),
    new Option('--webhook-secret <variable>', 'environment variable with the secret (default: as the provider has it)'),
  ],
}

async function serve(shell: Shell, flags: ServeFlags): Promise<void> {
  const { upstream } = flags
  refuseSenseless(flags)
  const folder = await folderOf(shell, flags)
  await systemDisk.makeFolder(folder)
  if (upstream === undefined) return await simulate(shell, folder, flags)
  const { serveUpstream } = await import('../local/serve-upstream.ts')
  await serveUpstream(shell, folder, { ...flags, upstream })
}

/** Flags that only invented answers have, and those that only a model has. */
const OF_SIMULATION = [
  'fault',
  'answers',
  'seed',
  'validate',
  'run',
  'finalize',
  'ends',
  'peculiar',
  'uploadNames',
  'streamRefuses',
  'webhookUrl',
  'webhookSecret',
] as const
const OF_UPSTREAM = ['upstreamKey', 'concurrency', 'rowTimeout', 'retryExecuted'] as const

function refuseSenseless(flags: ServeFlags): void {
  const { simulate: isSimulated, upstream } = flags
  if (upstream === undefined && isSimulated !== true) {
    throw new LlmBatchError('usage', 'the server needs something that answers', {
      next: 'Add --upstream URL for a model server, or --simulate for invented answers.',
    })
  }
  if (upstream !== undefined && isSimulated === true) {
    throw new LlmBatchError('usage', '--simulate and --upstream contradict each other', { next: 'Leave one out.' })
  }
  const [names, mode] = upstream === undefined ? [OF_UPSTREAM, '--simulate'] : [OF_SIMULATION, '--upstream']
  const senseless = names.find((name) => flags[name] !== undefined)
  if (senseless === undefined) return
  const flag = `--${senseless.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  throw new LlmBatchError('usage', `${flag} makes no sense with ${mode}`, { next: `Leave ${flag} out.` })
}

async function simulate(shell: Shell, folder: string, flags: ServeFlags): Promise<void> {
  const { finalize, run, validate } = flags
  const server = await startLocalServer({
    folder,
    port: flags.port,
    faults: flags.fault,
    seed: flags.seed,
    answers: flags.answers,
    queueTokens: flags.queueTokens,
    maxRequests: flags.maxRequests,
    maxBytes: flags.maxBytes,
    models: endingModels(flags.ends),
    uploadNames: flags.uploadNames,
    streamRefuses: flags.streamRefuses,
    peculiarities: flags.peculiar,
    webhook: webhookOf(shell, flags),
    onFailure: ({ batchId, error }) => shell.tell(`Batch ${batchId} failed: ${error.message}`),
    durations: {
      ...(validate === undefined ? {} : { validateMs: validate }),
      ...(run === undefined ? {} : { runMs: run }),
      ...(finalize === undefined ? {} : { finalizeMs: finalize }),
      expireAfterMs: flags.expireAfter ?? null,
    },
  })
  // Listened for before anyone is told that Ctrl-C stops it.
  const signalled = untilSignalled()
  try {
    for (const { baseUrlVariable, keyVariable, url } of addressesOf(server)) {
      await shell.print(`export ${baseUrlVariable}=${url} ${keyVariable}=${SIMULATED_KEY}\n`)
    }
    shell.tell(`Serving simulated answers from ${folder}. Stop with Ctrl-C.`)
    await signalled
  } finally {
    await server.close()
  }
}

/** Where ends of batches are told. A secret on the command line would be seen by every user of the machine. */
function webhookOf(shell: Shell, { webhookSecret, webhookUrl: url }: ServeFlags): WebhookOptions | undefined {
  if (url === undefined) return undefined
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new LlmBatchError('usage', `--webhook-url takes a http or https address, not ${JSON.stringify(url)}`, {
      next: 'Write it like http://127.0.0.1:8791/webhooks, as llm-batch webhooks shows it.',
    })
  }
  const variable = webhookSecret ?? findProvider(DEFAULT_PROVIDER).webhooks?.secretVariable ?? ''
  const secret = shell.machine.environment[variable]?.split(/[\s,]+/).find((text) => text !== '')
  if (secret !== undefined) return { url, secret, onUndelivered: (text) => shell.tell(text) }
  throw new LlmBatchError('configuration', `there is no secret to sign webhooks with: ${variable} is not set`, {
    next: `Set ${variable} for this server and for what takes its webhooks.`,
  })
}

/** Models with the day on which they end, from texts such as `some-model=2026-12-11`. */
function endingModels(texts: readonly string[] = []): Readonly<Record<string, SimulatedModel>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, model = '', endsAt = ''] = /^(.+)=(\d{4}-\d\d-\d\d)$/.exec(text) ?? []
      if (model !== '') return [model, { endsAt }]
      throw new LlmBatchError('usage', `--ends takes a model and a day, not ${JSON.stringify(text)}`, {
        next: 'Write it as MODEL=2026-12-11.',
      })
    }),
  )
}

async function folderOf(shell: Shell, flags: ServeFlags): Promise<string> {
  if (flags.folder !== undefined) return resolve(shell.machine.workingFolder, flags.folder)
  const { home, userFolder } = await loadSettings(shell, flags)
  return join(folderBeside(home, userFolder), 'server')
}
