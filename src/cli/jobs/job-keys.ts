import { Command, type Option } from 'commander'
import { addRunFlags } from '../flags/run-flags.ts'

/** Flags of `run` that a job file does not hold: what a person agrees to anew each time, and how one command speaks. */
const NOT_IN_JOBS: readonly string[] = ['again', 'json', 'quiet', 'yes']

/** Keys that hold in the job file itself what a flag names a file for, and the flag that they stand for. */
export const INLINE_KEYS = { messages: 'messagesFile' } as const

/** A flag of `run` as a key of a job file. */
export interface JobKey {
  /** The long name in camel case, such as `maxTokens`; without `no` where the flag says no. */
  readonly key: string
  readonly option: Option
  /** True for a path, which in a job file counts from the folder that it lies in. */
  readonly isPath: boolean
}

/** The keys of a job file: one for each flag of `run`, so that a new flag is a new key. */
export function jobKeys(): ReadonlyMap<string, JobKey> {
  const { options } = addRunFlags(new Command())
  const isPositive = (option: Option): boolean =>
    !option.negate || options.every((other) => other.negate || other.attributeName() !== option.attributeName())
  const keys = options
    // Of a flag and the one that says no to it, the first explains what is meant.
    .filter(isPositive)
    .map((option) => ({ key: option.attributeName(), option, isPath: /<(?:file|folder)>/.test(option.flags) }))
    .filter(({ key }) => !NOT_IN_JOBS.includes(key))
  return new Map(keys.map((jobKey) => [jobKey.key, jobKey]))
}

/** Flags that cannot be given beside this one; the library knows it, its types do not. */
export function rivalsOf({ key, option }: JobKey, keys: ReadonlyMap<string, JobKey>): readonly string[] {
  const against = (candidate: Option): readonly string[] =>
    (candidate as unknown as { readonly conflictsWith: readonly string[] }).conflictsWith
  const others = [...keys.values()].filter((other) => against(other.option).includes(key))
  return [...against(option), ...others.map((other) => other.key)]
}
