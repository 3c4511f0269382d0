import { OUTPUT_FORMATS } from '../run.ts'
import type { OptionDeclaration } from './declaration.ts'

/** Commands that can say where answers go. */
const WRITING = ['run', 'plan', 'resume', 'retry', 'results'] as const

const PLACES = 'where the answers go: .jsonl, .json, .csv, .tsv (also .gz), .parquet, .db, or - for standard output'

function inOutput<Property extends string>(property: Property) {
  return { calls: ['startRun'], property: `output.${property}` } as const
}

/** Options that say where the answers go and how they look; a later command may change them. */
export const OUTPUT_OPTIONS = {
  output: {
    kind: 'path',
    value: '<file>',
    short: 'o',
    heading: 'output',
    help: PLACES,
    brief: 'answers file, such as out.csv or out.jsonl',
    usual: 'INPUT.answers.jsonl, in a pipe -',
    helpIn: {
      resume: `${PLACES} (default: as before)`,
      retry: `${PLACES} (default: as before)`,
      results: 'a file instead of a table: .jsonl, .json, .csv, .tsv, .parquet, .db, or -',
    },
    commands: WRITING,
    commonIn: WRITING,
    library: { calls: ['startRun'], check: 'any' },
  },
  format: {
    kind: 'choice',
    value: '<format>',
    choices: OUTPUT_FORMATS,
    heading: 'output',
    help: 'format of the answers',
    usual: 'from the file ending, else jsonl',
    commands: WRITING,
    library: inOutput('format'),
  },
  columns: {
    kind: 'columns',
    value: '<names>',
    heading: 'output',
    help: 'only these columns, such as id,llm_output; the added ones (llm_output, …) all stay unless one is named',
    usual: 'all',
    helpIn: { results: 'only these columns, such as text,output.label,status (default: all)' },
    commands: WRITING,
    commonIn: ['results'],
    library: inOutput('columns'),
  },
  prefix: {
    kind: 'text',
    value: '<text>',
    heading: 'output',
    help: 'prefix of the names of added columns',
    usual: 'llm_',
    commands: WRITING,
    library: inOutput('prefix'),
  },
  raw: {
    kind: 'flag',
    heading: 'output',
    help: 'add the whole answer of the provider as the column llm_raw',
    commands: WRITING,
    library: inOutput('raw'),
  },
  tableName: {
    kind: 'text',
    value: '<name>',
    heading: 'output',
    help: 'the table of a SQLite file (.db) that the answers become',
    usual: 'answers',
    commands: WRITING,
    library: inOutput('tableName'),
  },
  excelSafe: {
    kind: 'flag',
    heading: 'output',
    help: 'neutralise formulas in CSV and TSV cells from the model or the provider, not in the columns of the input',
    commands: WRITING,
    library: inOutput('excelSafe'),
  },
  failed: {
    kind: 'path',
    value: '<file>',
    heading: 'output',
    help: 'also write the rows that did not succeed to this file, such as failed.csv',
    usual: 'none',
    commands: WRITING,
    library: { calls: ['startRun'], property: 'output.failedPath', check: 'any' },
  },
  force: {
    kind: 'flag',
    heading: 'output',
    help: 'replace an existing file; of a SQLite file only the table of the answers',
    usual: 'refuse',
    repeated: 'never',
    commands: WRITING,
    library: inOutput('force'),
  },
} as const satisfies Readonly<Record<string, OptionDeclaration>>
