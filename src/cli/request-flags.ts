import { type Command, Option } from 'commander'
import { INPUT_FORMATS, type InputFormat } from '../input/open.ts'
import { countFlag, countOrZeroFlag, delimiterFlag, numberFlag, parameterFlag } from './flag-values.ts'

/** What defines the requests of a run: frozen with it. */
export interface RequestFlags {
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly prompt?: string | undefined
  readonly promptFile?: string | undefined
  readonly system?: string | undefined
  readonly systemFile?: string | undefined
  readonly maxTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly param?: Readonly<Record<string, unknown>> | undefined
  readonly timeoutHours?: number | undefined
  readonly idColumn?: string | undefined
  readonly limit?: number | undefined
  readonly sample?: number | undefined
  readonly seed?: number | undefined
  readonly inputFormat?: InputFormat | undefined
  readonly delimiter?: string | undefined
  readonly encoding?: string | undefined
  readonly skipInvalid?: boolean | undefined
}

/** Adds INPUT and the flags that define the requests. */
export function addRequestFlags(command: Command): Command {
  return command
    .argument('<input...>', 'files (.jsonl, .csv, .parquet; the first two also .gz), or - for standard input')
    .option('-m, --model <provider/model>', 'such as openai/gpt-5-mini or mistral/mistral-small-latest')
    .option('--provider <name>', 'for provider-ready lines that carry their own model')
    .addOption(
      new Option('-p, --prompt <text>', 'template; {{column}} is filled from each row').conflicts('promptFile'),
    )
    .option('--prompt-file <file>', 'the template, from a file')
    .addOption(new Option('--system <text>', 'system message, filled like the prompt').conflicts('systemFile'))
    .option('--system-file <file>', 'the system message, from a file')
    .option('--max-tokens <n>', 'most tokens of an answer', countFlag)
    .option('--temperature <n>', 'sampling temperature', numberFlag)
    .option('--param <key=value>', 'any other field of the request body; may be repeated', parameterFlag)
    .option('--timeout-hours <n>', 'hours until the provider gives up on a batch (Mistral)', countFlag)
    .option('--id-column <name>', 'the column that identifies a row')
    .option('--limit <n>', 'only the first rows', countFlag)
    .option('--sample <n>', 'only so many rows, drawn at random', countFlag)
    .option('--seed <n>', 'another sample for another number', countOrZeroFlag)
    .addOption(new Option('--input-format <format>', 'in place of the file ending').choices(INPUT_FORMATS))
    .option('--delimiter <character>', 'between CSV cells', delimiterFlag)
    .option('--encoding <name>', 'of the input, such as windows-1252')
    .option('--skip-invalid', 'record rows that cannot be sent as failed, and go on')
}
