import { type Command, Option } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { systemDisk } from '../../lib/disk.ts'
import { systemRandom } from '../../lib/random.ts'
import { EXIT } from '../../model/error.ts'
import { DEFAULT_PROVIDER } from '../../model/named-providers.ts'
import { type CrashProof, holds, proveCrashSafety } from '../demo/crash-proof.ts'
import { type Feature, webFeatures } from '../demo/features.ts'
import { doMainJob, type MainJob } from '../demo/main-job.ts'
import { renderAnswers, renderEnding, renderInterlude, renderOpening, renderProof } from '../demo/story.ts'
import { MODELS, makeDemoFolder, type World } from '../demo/world.ts'
import { countFlag } from '../flags/flag-values.ts'
import type { Shell } from '../shell.ts'

interface DemoFlags {
  readonly rows?: number | undefined
  readonly provider: keyof typeof MODELS
  readonly keep?: boolean | undefined
  readonly json?: boolean | undefined
  readonly quiet?: boolean | undefined
}

/** `llm-batch demo`: the whole road on real data, without a key; succeeds only where the crash proof holds. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  command
    .option('--rows <n>', 'only the first n rows (default: all 1,204)', countFlag)
    .addOption(
      new Option('--provider <name>', 'provider whose batch API the local server plays')
        .choices(Object.keys(MODELS))
        .default(DEFAULT_PROVIDER),
    )
    .option('--keep', 'keep the files of the demo')
    .option('--json', 'the numbers as JSON on standard output')
    .option('--quiet', 'print nothing; the exit code says whether the demo succeeded')
    .action(async (flags: DemoFlags) => setExitCode(await demo(shell, flags)))
}

async function demo(shell: Shell, flags: DemoFlags): Promise<number> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)
  const isWatched = !flags.quiet && !flags.json
  const folder = await makeDemoFolder(systemDisk, systemRandom)
  try {
    return await play(shell, flags, {
      folder,
      provider: flags.provider,
      model: MODELS[flags.provider],
      isWatched,
      tell: (text) => (isWatched ? shell.tell(text) : undefined),
      disk: systemDisk,
      clock: systemClock,
      environment: shell.machine.environment,
      signal: stop.signal,
    })
  } catch (error) {
    if (!stop.signal.aborted) throw error
    shell.tell('Interrupted; every process of the demo has ended.')
    return EXIT.interrupted
  } finally {
    if (!flags.keep) await systemDisk.remove(folder)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt)
  }
}

async function play(shell: Shell, { json, keep, rows }: DemoFlags, world: World): Promise<number> {
  const features = await webFeatures(systemDisk, rows ?? Number.POSITIVE_INFINITY)
  const say = async (text: string): Promise<void> => (world.isWatched ? await shell.print(text) : undefined)
  await say(renderOpening(world, features.length, shell.outputColors))
  const job = await doMainJob(world, features)
  await say(renderAnswers(job, shell.outputColors))
  await say(renderInterlude(shell.outputColors))
  const proof = await proveCrashSafety(world, features)
  await say(renderProof(proof, shell.outputColors))
  await say(renderEnding(world, keep === true, shell.outputColors))
  if (json) await shell.printJson(document(world, features, job, proof))
  return holds(proof) && job.rowsAnswered === job.rows ? EXIT.ok : EXIT.bug
}

/** The numbers of the demo, for scripts. */
function document(world: World, features: readonly Feature[], job: MainJob, proof: CrashProof): unknown {
  const { batchesCreated, rowsBilled, rowsBilledAgain } = job.ledger
  return {
    isSimulated: true,
    model: world.model,
    mainJob: {
      rowsAsked: features.length,
      rowsAnswered: job.rowsAnswered,
      batchesCreated,
      rowsBilled,
      rowsBilledTwice: rowsBilledAgain,
    },
    crash: { command: proof.ours, script: proof.naive },
    holds: holds(proof),
  }
}
