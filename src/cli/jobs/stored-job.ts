import { resolve } from 'node:path'
import type { Command } from 'commander'
import { inputPathsOf } from '../../input/open.ts'
import { exactDuration } from '../../lib/duration.ts'
import { OPTIONS, REPEATED_NAMES } from '../../model/options/options.ts'
import type { DeadlineWish } from '../../model/run.ts'
import type { NewRunOptions } from '../../prepare/definition.ts'
import type { Job } from '../../prepare/job-text.ts'
import { labelSourceOf } from '../../schema/fields.ts'
import { isPath, JOB_KEYS } from './job-keys.ts'

/** What the command line and a job file said together, as a job file of its own: paths absolute, templates in it. */
export function storedJob(
  command: Command,
  flags: object,
  { answer, input, messages, output, prompt, system, workingFolder }: StoredParts,
): Job {
  const fields: Record<string, unknown> = {}
  const defaults = command.opts<Record<string, unknown>>()
  for (const key of JOB_KEYS.filter((name) => REPEATED_NAMES.includes(name))) {
    const { inJobs, kind } = OPTIONS[key]
    const value = (flags as Readonly<Record<string, unknown>>)[key]
    const isDefault = command.getOptionValueSource(key) === 'default' && value === defaults[key]
    if (value === undefined || isDefault || inJobs === 'only') continue
    if (kind === 'deadline') fields[key] = deadlineText(value as DeadlineWish)
    else if (isPath(kind, value)) fields[key] = resolve(workingFolder, value)
    // The address of a database may have a password in it.
    else if (kind !== 'place') fields[key] = value
  }
  // A tail without a deadline would be refused.
  if (fields['deadline'] === undefined) fields['tail'] = undefined
  // Labels that were read from a file are kept, as a schema is.
  const hasLabelFile = fieldsOf(fields['field']).some((field) => labelSourceOf(field) !== undefined)
  if (hasLabelFile) fields['field'] = undefined
  const isSchemaKept = hasLabelFile || fields['schema'] !== undefined
  return {
    fields: {
      input: inputFrom(input.source, workingFolder),
      model: fields['model'],
      system,
      messages,
      prompt,
      ...fields,
      ...(isSchemaKept ? { schema: answer?.schema, schemaName: answer?.name } : {}),
      output: output.path ?? undefined,
    },
    notes:
      fields['deadline'] === undefined && 'deadline' in fields ? ['Its deadline was a date, which has passed.'] : [],
  }
}

function fieldsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** The parts of a new run that files were read for. */
export type StoredParts = Pick<NewRunOptions, 'answer' | 'input' | 'messages' | 'output' | 'prompt' | 'system'> & {
  readonly workingFolder: string
}

function inputFrom(
  source: NewRunOptions['input']['source'],
  workingFolder: string,
): string | readonly string[] | undefined {
  const paths = inputPathsOf(source)?.map((path) => (path === '-' ? path : resolve(workingFolder, path)))
  return paths?.length === 1 ? paths[0] : paths
}

/** A time from now can be repeated, a date cannot. */
function deadlineText(wish: DeadlineWish): string | undefined {
  if (wish === 'none') return wish
  return 'afterMs' in wish ? exactDuration(wish.afterMs) : undefined
}
