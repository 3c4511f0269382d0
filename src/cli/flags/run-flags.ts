import type { Command } from 'commander'
import { addBudgetFlag, type BudgetFlags } from './budget-flag.ts'
import { addDriveFlags, type DriveFlags } from './drive-flags.ts'
import { addOutputFlags, type OutputFlags } from './output-flags.ts'
import { addSettingFlags, type SettingFlags } from './place-flags.ts'
import { addRequestFlags, type RequestFlags } from './request-flags.ts'
import { addSharingFlags, type SharingFlags } from './sharing-flags.ts'

/** Everything that `run` can be told; a job file can hold what is not an exception in `job-keys.ts`. */
export interface RunFlags extends RequestFlags, SharingFlags, OutputFlags, DriveFlags, SettingFlags, BudgetFlags {
  readonly name?: string | undefined
  readonly again?: boolean | undefined
  readonly yes?: boolean | undefined
}

/** Adds INPUT and all flags of `run`. */
export function addRunFlags(command: Command): Command {
  addOutputFlags(addSharingFlags(addRequestFlags(command)))
    .option('--name <name>', 'name of the run, unique in the home; the same name with the same work goes on with it')
    .option('--again', 'buy the same work again')
    .option('-y, --yes', 'accept the estimated cost without a question')
  return addSettingFlags(addDriveFlags(addBudgetFlag(command)))
}
