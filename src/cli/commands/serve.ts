import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { folderBeside } from '../../config/home-address.ts'
import { systemDisk } from '../../lib/disk.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { SIMULATED_KEY } from '../../providers/secrets.ts'
import { addressesOf } from '../../server/addresses.ts'
import type { SimulatedModel } from '../../server/options.ts'
import { startLocalServer } from '../../server/start.ts'
import { untilSignalled } from '../drive/interruption.ts'
import { countFlag, countOrZeroFlag, durationMsFlag, repeatedFlag } from '../flags/flag-values.ts'
import { addOptions } from '../flags/option-flags.ts'
import { loadSettings } from '../open-home.ts'
import type { Shell } from '../shell.ts'

interface ServeFlags extends OptionsOf<'serve'> {
  readonly simulate?: boolean | undefined
  readonly port?: number | undefined
  readonly folder?: string | undefined
  readonly fault?: readonly string[] | undefined
  readonly answers?: string | undefined
  readonly seed?: number | undefined
  readonly validate?: number | undefined
  readonly run?: number | undefined
  readonly finalize?: number | undefined
  readonly expireAfter?: number | undefined
  readonly queueTokens?: number | undefined
  readonly maxRequests?: number | undefined
  readonly maxBytes?: number | undefined
  readonly uploadNames?: 'jsonl' | 'any' | undefined
  readonly ends?: readonly string[] | undefined
  readonly peculiar?: readonly string[] | undefined
  readonly streamRefuses?: 'row' | 'batch' | undefined
}

/** `llm-batch serve`: the local batch server, until it is stopped. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'serve')
    .option('--simulate', 'answer with simulated texts, without a model')
    .option('--port <n>', 'port on 127.0.0.1 (default: a free one)', countOrZeroFlag)
    .option('--folder <folder>', 'folder for its files and books (default: server, in the home)')
    .option('--fault <rule>', 'fault to inject, such as create:1=accept-then-500; may be repeated', repeatedFlag)
    .option('--answers <shares>', 'shares of flawed answers, such as invalid=0.05,fenced=0.1,empty=0.01')
    .option('--seed <n>', 'random seed of ids, order and faults; the same seed gives the same ones', countOrZeroFlag)
    .option('--validate <duration>', 'how long a batch is validated', durationMsFlag)
    .option('--run <duration>', 'how long a batch runs', durationMsFlag)
    .option('--finalize <duration>', 'how long the results of a batch take', durationMsFlag)
    .option('--expire-after <duration>', 'when a batch expires (default: its own window)', durationMsFlag)
    .option('--queue-tokens <n>', 'maximum input tokens queued per model (default: no limit)', countFlag)
    .option('--max-requests <n>', "maximum rows per batch (default: the provider's)", countFlag)
    .option('--max-bytes <n>', "maximum bytes per input file (default: the provider's)", countFlag)
    .option('--ends <model=date>', 'day on which a listed model ends; may be repeated', repeatedFlag)
    .option('--peculiar <names>', 'play a host with peculiarities, such as no-metadata,unpaged-list', (text: string) =>
      text.split(','),
    )
    .addOption(
      new Option('--upload-names <names>', 'file names that uploads for batches may have (default: jsonl)').choices([
        'jsonl',
        'any',
      ]),
    )
    .addOption(
      new Option(
        '--stream-refuses <what>',
        'what the server refuses for a row with stream: true (default: row)',
      ).choices(['row', 'batch']),
    )
    .action(async (flags: ServeFlags) => {
      await serve(shell, flags)
      setExitCode(EXIT.ok)
    })
}

async function serve(shell: Shell, flags: ServeFlags): Promise<void> {
  if (!flags.simulate) {
    throw new LlmBatchError('usage', 'the server can only simulate answers', { next: 'Add --simulate.' })
  }
  const folder = await folderOf(shell, flags)
  await systemDisk.makeFolder(folder)
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
