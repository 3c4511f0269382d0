import type { OptionCommand, OptionDeclaration, ValuesOf } from './declaration.ts'
import { DRIVE_OPTIONS } from './drive-options.ts'
import { OUTPUT_OPTIONS } from './output-options.ts'
import { REQUEST_OPTIONS } from './request-options.ts'
import { SETTING_OPTIONS } from './setting-options.ts'

const TABLE = { ...REQUEST_OPTIONS, ...OUTPUT_OPTIONS, ...SETTING_OPTIONS, ...DRIVE_OPTIONS } as const

/** The name of an option: as a key of a job file, and in camel case what its flag is in words. */
export type OptionName = keyof typeof TABLE

/** The one table of the options of runs; a new one is added here and nowhere else. */
export const OPTIONS: Readonly<Record<OptionName, OptionDeclaration>> = TABLE

/** All names, in the order of help. */
export const OPTION_NAMES = Object.keys(TABLE) as readonly OptionName[]

/** The options that the command takes, with their values; undefined where the user said nothing. */
export type OptionsOf<Command extends OptionCommand> = Pick<
  ValuesOf<typeof TABLE>,
  { [Name in OptionName]: Command extends (typeof TABLE)[Name]['commands'][number] ? Name : never }[OptionName]
>

/** The values of options for a function that several commands use; it looks at those that it knows. */
export type AnyOptions = ValuesOf<typeof TABLE>
