import { isAddress } from '../../config/home-address.ts'
import type { OptionKind } from '../../model/options/declaration.ts'
import { OPTION_NAMES, OPTIONS, type OptionName } from '../../model/options/options.ts'

/**
 * The keys of a job file: the names of the options that `run` takes, but for what a person agrees to anew each time and
 * how one command speaks.
 */
export const JOB_KEYS: readonly OptionName[] = OPTION_NAMES.filter((name) => {
  const { commands, inJobs } = OPTIONS[name]
  return commands.includes('run') && inJobs !== false
})

/** True where the text names an option that a job file can hold. */
export function isJobKey(text: string): text is OptionName {
  return (JOB_KEYS as readonly string[]).includes(text)
}

/** True where the text of an option is a path; the address of a server is none. */
export function isPath(kind: OptionKind, value: unknown): value is string {
  if (typeof value !== 'string' || value === '-') return false
  return kind === 'path' || kind === 'schema' || (kind === 'place' && !isAddress(value))
}

/** Options that cannot be given beside this one. */
export function rivalsOf(name: OptionName): readonly string[] {
  const others = JOB_KEYS.filter((other) => OPTIONS[other].conflicts?.includes(name))
  return [...(OPTIONS[name].conflicts ?? []), ...others]
}
