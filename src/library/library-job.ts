import { resolve } from 'node:path'
import { isAddress } from '../config/home-address.ts'
import { isJsonObject } from '../lib/json.ts'
import { OPTIONS, type OptionName, propertyOf, REPEATED_NAMES } from '../model/options/options.ts'
import type { Job } from '../prepare/job-text.ts'

/** Options of `startRun` as this file reads them: by the names of the table. */
type LibraryOptions = Readonly<Record<string, unknown>>

/** The options of a library run as a job for the command, as far as a file can say them. */
export function libraryJob(options: LibraryOptions): Job {
  const { input, output } = options
  const given = REPEATED_NAMES.map(
    (name) => [name, valueAt({ ...options, output: toPlan(output) }, name)] as const,
  ).filter(([, value]) => value !== undefined)
  return {
    fields: {
      input: typeof input === 'string' ? resolve(input) : undefined,
      ...Object.fromEntries(given.filter(([, value]) => isSaid(value))),
    },
    notes: given
      .filter(([, value]) => !isSaid(value))
      .map(
        ([name]) =>
          `Its ${propertyOf(name)} was made by the program that started the run; it is stored with the run and is not part of this file.`,
      ),
  }
}

function toPlan(output: unknown): unknown {
  return typeof output === 'string' ? { path: output } : output
}

/** The value of an option in the units of a job file. */
function valueAt(options: LibraryOptions, name: OptionName): unknown {
  const { kind } = OPTIONS[name]
  const path = name === 'output' ? 'output.path' : (propertyOf(name) ?? name)
  const value = path.split('.').reduce<unknown>((outer, key) => (isJsonObject(outer) ? outer[key] : undefined), options)
  // The address of a database may have a password in it.
  if (kind === 'place' && typeof value === 'string') return isAddress(value) ? undefined : resolve(value)
  if (kind === 'path' && typeof value === 'string') return resolve(value)
  return kind === 'megabytes' && typeof value === 'number' ? value / 1_000_000 : value
}

/** True for what JSON says as it is. */
function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSaid)
  if (typeof value !== 'object' || value === null) return typeof value !== 'function' && value !== undefined
  const kind: unknown = Object.getPrototypeOf(value)
  return (kind === Object.prototype || kind === null) && Object.values(value).every(isSaid)
}
