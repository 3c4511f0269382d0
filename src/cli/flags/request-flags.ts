import { type Command, Option } from 'commander'
import { INPUT_FORMATS, type InputFormat } from '../../input/open.ts'
import type { JsonSchema } from '../../model/answer.ts'
import type { EndpointChoice } from '../../model/endpoint.ts'
import { IMAGE_DETAILS, type ImageDetail, type MessageTemplate } from '../../model/run.ts'
import {
  countFlag,
  countOrZeroFlag,
  delimiterFlag,
  megabytesFlag,
  numberFlag,
  parameterFlag,
  repeatedFlag,
} from './flag-values.ts'

/** What defines the requests of a run: frozen with it. */
export interface RequestFlags {
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly endpoint?: EndpointChoice | undefined
  readonly textColumn?: string | undefined
  readonly suffixColumn?: string | undefined
  readonly prompt?: string | undefined
  /** The prompt is meant to ask every row the same. */
  readonly constantPrompt?: boolean | undefined
  readonly promptFile?: string | undefined
  readonly system?: string | undefined
  readonly systemFile?: string | undefined
  readonly messagesFile?: string | undefined
  /** In place of a file: only a job file can say it. */
  readonly messages?: readonly MessageTemplate[] | undefined
  readonly messagesColumn?: string | undefined
  readonly imageColumn?: readonly string[] | undefined
  readonly imageDetail?: ImageDetail | undefined
  readonly imageMaxMb?: number | undefined
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
  /** The path of a file; a job file can also hold the schema itself, and how requests call it. */
  readonly schema?: string | JsonSchema | undefined
  readonly schemaName?: string | undefined
  readonly field?: readonly string[] | undefined
  readonly strict?: boolean | undefined
  readonly reask?: number | undefined
}

const FIELD_HELP = `
A field is written name: type, such as --field "label: billing|support|sales" --field "count: integer".
Types: string, number, integer, boolean, or choices; [] behind it for a list, ? behind the name for null.
Choices may stand in a file: "label: @labels.txt", one a line, or "label: @rows.csv:gold", a column.`

/** Adds INPUT and the flags that define the requests. */
export function addRequestFlags(command: Command): Command {
  return command
    .argument(
      '<input...>',
      'files (.jsonl, .csv, .parquet; the first two also .gz), - for standard input, or a .yaml job file',
    )
    .option('-m, --model <provider/model>', 'such as openai/gpt-6.1-terra or mistral/mistral-small-latest')
    .option('--provider <name>', 'for provider-ready lines that carry their own model')
    .option('--endpoint <name>', 'chat, responses, embeddings, moderations, fim, … or a path (default: chat)')
    .option(
      '--text-column <name>',
      'the column whose text is sent, for embeddings, moderations and fim (in place of --prompt)',
    )
    .option('--suffix-column <name>', 'the column with the text after the gap that fim fills')
    .addOption(
      new Option(
        '-p, --prompt <text>',
        'template; {{column}} is filled from each row, {% if %} and | filters are Liquid',
      ).conflicts('promptFile'),
    )
    .option('--prompt-file <file>', 'the template, from a file')
    .option('--constant-prompt', 'the prompt has no placeholder on purpose: every row is asked the same')
    .addOption(new Option('--system <text>', 'system message, filled like the prompt').conflicts('systemFile'))
    .option('--system-file <file>', 'the system message, from a file')
    .option(
      '--messages-file <file>',
      'turns before the prompt, or all of them: a YAML or JSON list of role and content',
    )
    .option('--messages-column <name>', 'the column with a conversation, which goes before the prompt')
    .option(
      '--image-column <name>',
      'the column with an image (path, https or data: URL); may be repeated',
      repeatedFlag,
    )
    .addOption(new Option('--image-detail <level>', 'resolution at which the model sees images').choices(IMAGE_DETAILS))
    .option('--image-max-mb <n>', 'maximum megabytes per image (default: what the provider allows)', megabytesFlag)
    .option('--max-tokens <n>', 'maximum tokens per answer (default: the limit of the model)', countFlag)
    .option('--temperature <n>', 'sampling temperature (default: the one of the model)', numberFlag)
    .option('--param <key=value>', 'any other field of the request body; may be repeated', parameterFlag)
    .option(
      '--timeout-hours <n>',
      'hours after which the provider ends a batch (default: 24; only Mistral takes another number)',
      countFlag,
    )
    .option('--id-column <name>', 'the column that identifies a row')
    .option('--limit <n>', 'only the first n rows', countFlag)
    .option('--sample <n>', 'only n rows, drawn at random', countFlag)
    .option('--seed <n>', 'random seed of --sample; another seed gives other rows (default: 1)', countOrZeroFlag)
    .addOption(
      new Option('--input-format <format>', 'format of the input, where its file ending does not tell it').choices(
        INPUT_FORMATS,
      ),
    )
    .option('--delimiter <character>', 'the character between CSV cells, such as ; (default: found out)', delimiterFlag)
    .option('--encoding <name>', 'text encoding of the input, such as windows-1252 (default: UTF-8 or UTF-16)')
    .option('--skip-invalid', 'go on without the rows that cannot be sent; they end as skipped, each with its reason')
    .addOption(
      new Option(
        '--schema <file>',
        'JSON Schema that answers must follow; the provider is asked to keep it, and each answer is checked',
      ).conflicts('field'),
    )
    .option('--field <name: type>', 'a field of the answer, in place of a schema; may be repeated', repeatedFlag)
    .option('--no-strict', 'do not ask the provider to enforce the schema; then its own rules for schemas do not apply')
    .option(
      '--reask <n>',
      'ask again up to n times where an answer does not follow the schema; each time costs money (default: 0)',
      countOrZeroFlag,
    )
    .addHelpText('after', FIELD_HELP)
}
