import { type Command, Option } from 'commander'
import type { DeadlineWish } from '../../model/run.ts'
import { countOrZeroFlag, deadlineFlag } from './flag-values.ts'

/** What a command says while it works, and where. */
export interface SpeechFlags {
  readonly json?: boolean | undefined
  readonly events?: string | undefined
  readonly quiet?: boolean | undefined
}

/** Commands of the user's own, run when something happened. */
export interface HookFlags {
  readonly onFinish?: string | undefined
  readonly onHold?: string | undefined
}

/** What steers the driving of a run. */
export interface DriveFlags extends SpeechFlags, HookFlags {
  /** False for `--no-wait`. */
  readonly wait: boolean
  readonly maxFailed?: number | undefined
  readonly onUnknownCreate?: 'hold' | 'resend' | undefined
  readonly again?: boolean | undefined
  /** False for `--no-canary`. */
  readonly canary?: boolean | undefined
  readonly ignoreStopLoss?: boolean | undefined
  readonly deadline?: DeadlineWish | undefined
}

/** Adds the flags for speaking. */
export function addSpeechFlags(command: Command): Command {
  return command
    .option('--json', 'the report as JSON on standard output')
    .option('--events <file>', 'append everything that happens to a file, as JSON lines')
    .option('--quiet', 'no progress and no report')
}

/** Adds the flags for the user's own commands. */
export function addHookFlags(command: Command): Command {
  return command
    .option(
      '--on-finish <command>',
      'run this command when the run is finished (LLM_BATCH_RUN, _STATE, _OUTPUT are set)',
    )
    .option('--on-hold <command>', 'run this command when the run is held and waits for you')
}

/** Adds everything that steers the driving of a run. */
export function addDriveFlags(command: Command): Command {
  command
    .option('--no-wait', 'send the batches and exit; go on later with resume or tick')
    .option(
      '--deadline <when>',
      'cancel what is unfinished at this time: 20h, 2026-11-24T08:00Z, or none (default: none)',
      deadlineFlag,
    )
    .option('--no-canary', 'do not try a few rows before a large run is sent')
    .option('--ignore-stop-loss', 'go on although most rows of a batch fail for the same reason')
    .option('--max-failed <n>', 'exit with 0 where at most n rows fail, else with 4 (default: 0)', countOrZeroFlag)
    .addOption(
      new Option(
        '--on-unknown-create <what>',
        'what to do where it stays unclear whether the provider made a batch: resend may pay twice',
      )
        .choices(['hold', 'resend'])
        .default('hold'),
    )
  return addHookFlags(addSpeechFlags(command))
}
