import { resolve } from 'node:path'
import type { InputSource } from '../../input/open.ts'
import { systemClock } from '../../lib/clock.ts'
import type { Disk } from '../../lib/disk.ts'
import type { AnswerDefinition } from '../../model/answer.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import type { OutputPlan } from '../../model/run.ts'
import type { NewRunOptions } from '../../prepare/definition.ts'
import { schemaOfFields } from '../../schema/fields.ts'
import { readSchema } from '../../schema/read-schema.ts'
import { schemaName } from '../../schema/schema-name.ts'
import { readLabels } from '../flags/label-files.ts'
import { localModelOf } from '../local/local-options.ts'
import { readingLine } from '../render/progress/reading-line.ts'
import type { Shell } from '../shell.ts'

/** The options of a new run from INPUT and flags; templates in files are read. */
export async function newRunOptions(
  shell: Shell,
  disk: Disk,
  {
    flags,
    inputPaths,
    output,
  }: {
    inputPaths: readonly string[]
    flags: AnyOptions
    output: OutputPlan
  },
): Promise<NewRunOptions> {
  const {
    inputFormat: format,
    delimiter,
    encoding,
    param,
    promptFile,
    systemFile,
    messagesFile,
    schema,
    schemaName: name,
    field,
    strict,
    reask,
    local: _,
    ...rest
  } = flags
  const templateFrom = (path: string | undefined) => textOf(disk, shell.machine.workingFolder, path)
  return {
    ...rest,
    local: localModelOf(shell, flags),
    onRead: flags.quiet === true ? undefined : readingLine(shell, systemClock),
    prompt: flags.prompt ?? (await templateFrom(promptFile)),
    system: flags.system ?? (await templateFrom(systemFile)),
    messages: flags.messages ?? (await messagesOf(messagesFile, await templateFrom(messagesFile))),
    imageColumns: flags.imageColumn,
    parameters: param,
    answer: await answerDefinition(disk, shell.machine.workingFolder, { schema, schemaName: name, field, strict }),
    maxReasks: reask,
    input: {
      source: sourceOf(shell, inputPaths),
      format,
      delimiter,
      encoding,
    },
    output,
  }
}

/** What answers must look like, by a schema or by fields; undefined for free text. */
async function answerDefinition(
  disk: Disk,
  folder: string,
  { field, schema, schemaName: name, strict: isStrict = true }: AnyOptions,
): Promise<AnswerDefinition | undefined> {
  if (field) {
    const labels = await readLabels(field, { disk, workingFolder: folder })
    return { schema: schemaOfFields(field, labels), name: 'answer', isStrict }
  }
  if (typeof schema === 'string') return { ...readSchema(await fileText(disk, folder, schema), schema), isStrict }
  if (schema !== undefined) return { schema, name: name ?? schemaName(schema), isStrict }
  if (isStrict) return undefined
  throw new LlmBatchError('usage', '--no-strict needs a schema, and there is none', {
    next: 'Add --schema FILE or --field, or leave --no-strict out.',
  })
}

async function messagesOf(name = '', text?: string): Promise<NewRunOptions['messages']> {
  if (text === undefined) return undefined
  const { readMessages } = await import('../jobs/messages-file.ts')
  return await readMessages(text, name)
}

function sourceOf(shell: Shell, paths: readonly string[]): InputSource {
  if (!paths.includes('-')) return { paths }
  if (paths.length === 1) return { stream: shell.streams.input }
  throw new LlmBatchError('usage', 'standard input cannot be used with files', {
    next: 'Name files only, or pipe all of it in as "-".',
  })
}

/** A template from a file, without the line end that an editor leaves after its last line. */
async function textOf(disk: Disk, folder: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  return (await fileText(disk, folder, path)).replace(/^\uFEFF/, '').replace(/\r?\n$/, '')
}

async function fileText(disk: Disk, folder: string, path: string): Promise<string> {
  const text = await disk.readText(resolve(folder, path))
  if (text !== undefined) return text
  throw new LlmBatchError('usage', `the file ${path} does not exist`, { next: 'Check the path.' })
}
