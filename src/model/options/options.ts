import type { OptionCall, OptionCommand, OptionDeclaration, ValuesOf } from './declaration.ts'
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

/** The options that a job can hold which is kept with a run, so that the run can be repeated. */
export const REPEATED_NAMES: readonly OptionName[] = OPTION_NAMES.filter(
  (name) => OPTIONS[name].inJobs !== false && OPTIONS[name].repeated !== 'never',
)

/** Property of an option in the library, or its place, such as `budget.maxCostUsd`. */
type PropertyIn<Name extends OptionName, Call> = (typeof TABLE)[Name] extends {
  readonly library: { readonly calls: readonly (infer Known)[]; readonly property?: infer Property }
}
  ? Call extends Known
    ? Property extends string
      ? Property
      : Name
    : never
  : never

/** The properties that a call of the library takes; those in other options are written `output.prefix`. */
export type PropertyOf<Call extends OptionCall> = { [Name in OptionName]: PropertyIn<Name, Call> }[OptionName]

/** What the library calls an option, or where it lies, such as `budget.maxCostUsd`; null where it has none. */
export function propertyOf(name: OptionName): string | null {
  const { library } = OPTIONS[name]
  return library === undefined ? null : (library.property ?? name)
}

/** The options that the command takes, with their values; undefined where the user said nothing. */
export type OptionsOf<Command extends OptionCommand> = Pick<
  ValuesOf<typeof TABLE>,
  { [Name in OptionName]: Command extends (typeof TABLE)[Name]['commands'][number] ? Name : never }[OptionName]
>

/** The values of options for a function that several commands use; it looks at those that it knows. */
export type AnyOptions = ValuesOf<typeof TABLE>
