import { resolve } from 'node:path'
import type { NewRunOptions } from '../prepare/definition.ts'
import type { Job } from '../prepare/job-text.ts'

/** Options of the library that are looked at one by one; the others are taken as they are. */
interface LibraryOptions {
  readonly input: unknown
  readonly home?: string | undefined
  readonly config?: string | undefined
  readonly budget?: { readonly maxCostUsd?: number | undefined } | undefined
  readonly maxImageBytes?: number | undefined
  /** The JSON Schema that is frozen, and its name; a validator cannot be written down. */
  readonly schema?: unknown
  readonly schemaName?: string | undefined
  readonly output?: string | (Partial<NewRunOptions['output']> & { readonly path: string }) | undefined
}

/** Options that a job file calls by another name. */
const RENAMED: Readonly<Record<string, string>> = { imageColumns: 'imageColumn', parameters: 'param' }

/** Options that say where and whether, not what; those of the input and the output are looked at by themselves. */
const LEFT_OUT: readonly string[] = [
  'again',
  'budget',
  'config',
  'environment',
  'home',
  'input',
  'jsonSchema',
  'maxImageBytes',
  'name',
  'output',
]

/** The options of a library run as a job for the command, as far as a file can say them. */
export function libraryJob(options: LibraryOptions): Job {
  const { budget, config, home, input, maxImageBytes, output } = options
  const own = Object.entries(options).filter(([key, value]) => !LEFT_OUT.includes(key) && value !== undefined)
  const { path, ...plan } = typeof output === 'string' ? { path: output } : { ...output }
  const { force: _, ...form } = plan
  return {
    fields: {
      input: typeof input === 'string' ? absolute(input) : undefined,
      ...Object.fromEntries(
        own.filter(([, value]) => isSaid(value)).map(([key, value]) => [RENAMED[key] ?? key, value]),
      ),
      maxCost: budget?.maxCostUsd,
      imageMaxMb: maxImageBytes === undefined ? undefined : maxImageBytes / 1_000_000,
      output: absolute(path),
      home: absolute(home),
      config: absolute(config),
      ...form,
    },
    notes: own
      .filter(([, value]) => !isSaid(value))
      .map(
        ([key]) =>
          `Its ${key} was made by the program that started it; it is frozen with the run and not repeated here.`,
      ),
  }
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path)
}

/** True for what JSON says as it is. */
function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSaid)
  if (typeof value !== 'object' || value === null) return typeof value !== 'function' && value !== undefined
  const kind: unknown = Object.getPrototypeOf(value)
  return (kind === Object.prototype || kind === null) && Object.values(value).every(isSaid)
}
