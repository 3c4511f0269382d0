import type { ColumnType } from '../model/column.ts'
import { mention } from '../model/options/mention.ts'
import { OUTCOME_STATUSES } from '../model/outcome.ts'
import type { RowOutcome } from '../model/row.ts'
import type { OutputFormat, OutputPlan } from '../model/run.ts'
import { answerId, type CostOf, earlierAnswers, errorOf, outputOf, statusOf, tokensOf } from './answer.ts'

/** The value of a column in one row; null where nothing is known, never zero. */
export type AnswerValue = string | number | null

/** Facts that decide whether a file has a column. */
export interface FileFacts {
  readonly format: OutputFormat
  /** True where the input has several files. */
  readonly hasSources: boolean
  /** True where rows may have been asked again. */
  readonly hasTurns: boolean
  readonly plan: Pick<OutputPlan, 'raw'>
}

/** The files that a column stands in although it is not named. */
export interface WrittenWhen {
  readonly holds: (file: FileFacts) => boolean
  /** The same in words, for documents; may mention options. */
  readonly words: string
}

/** A column of ours in files and tables of answers. */
export interface ColumnFacts {
  /** Its type in Parquet. */
  readonly type: ColumnType
  /** What it holds, as a phrase for help and documents. */
  readonly help: string
  /** Its value in a row; may be asked for any number of times. */
  readonly of: (row: RowOutcome, costOf: CostOf) => AnswerValue
  /** @default in every file */
  readonly when?: WrittenWhen
  /** True where its text comes from the model or the provider, and so may be a formula. @default false */
  readonly isForeign?: true
  /** True where its text is JSON, which formats of JSON write as the value that it is. @default false */
  readonly isJson?: true
}

const TEXT: ColumnType = { kind: 'string' }
const COUNT: ColumnType = { kind: 'integer', bits: 32, isSigned: true }
const DOLLARS: ColumnType = { kind: 'double' }

const SEVERAL_FILES: WrittenWhen = {
  holds: ({ hasSources }) => hasSources,
  words: 'where the input has several files',
}
const NAMED: WrittenWhen = { holds: () => false, words: `where \`${mention('columns')}\` names it` }
const ASKED_AGAIN: WrittenWhen = {
  holds: ({ hasTurns }) => hasTurns,
  words: 'where invalid answers are asked for again',
}

/** The columns in the order in which they are written. A further column is one more entry, and nothing else. */
const TABLE = {
  output: {
    type: TEXT,
    help: 'the answer: text, or JSON where the answers of the run are JSON',
    of: outputOf,
    isForeign: true,
  },
  status: {
    type: TEXT,
    help: `what became of the row: ${[...OUTCOME_STATUSES, 'pending'].join(', ')}`,
    of: statusOf,
  },
  error: {
    type: TEXT,
    help: 'why there is no usable answer: a code and the reason',
    of: errorOf,
    isForeign: true,
  },
  finish_reason: {
    type: TEXT,
    help: 'why the model stopped, in the word of the provider',
    of: ({ result }) => result?.outcome.finishReason ?? null,
    isForeign: true,
  },
  prompt_tokens: {
    type: COUNT,
    help: 'input tokens of all questions of the row, as the provider counted them',
    of: ({ result }) => tokensOf(result, 'promptTokens'),
  },
  completion_tokens: {
    type: COUNT,
    help: 'output tokens of all questions of the row, as the provider counted them',
    of: ({ result }) => tokensOf(result, 'completionTokens'),
  },
  cached_tokens: {
    type: COUNT,
    help: 'those of its input tokens that the provider read from its cache',
    of: ({ result }) => tokensOf(result, 'cachedTokens'),
    when: NAMED,
  },
  reasoning_tokens: {
    type: COUNT,
    help: 'those of its output tokens that the model spent on reasoning',
    of: ({ result }) => tokensOf(result, 'reasoningTokens'),
    when: NAMED,
  },
  cost_usd: {
    type: DOLLARS,
    help: 'price of all questions of the row in US dollars; empty if it is not known',
    of: ({ result }, costOf) => result && costOf(result),
  },
  model: {
    type: TEXT,
    help: 'the model that answered, as the provider names it',
    of: ({ result }) => result?.outcome.model ?? null,
    isForeign: true,
  },
  id: {
    type: TEXT,
    help: 'your own id of the row, else its line',
    of: answerId,
  },
  attempt: {
    type: COUNT,
    help: 'number of tries that the row took; 0 if the answer comes from another run',
    of: ({ result }) => result?.tries ?? null,
  },
  source: {
    type: TEXT,
    help: 'the input file that holds the row',
    of: ({ source }) => source,
    when: SEVERAL_FILES,
  },
  turns: {
    type: COUNT,
    help: 'number of questions that the row was asked',
    of: ({ result }) => result && result.others.length + 1,
    when: ASKED_AGAIN,
  },
  earlier: {
    type: TEXT,
    help: 'the answers before the last, as a JSON list',
    of: ({ result }, costOf) =>
      JSON.stringify(earlierAnswers(result, costOf).map(({ costUsd, ...rest }) => ({ ...rest, cost_usd: costUsd }))),
    when: {
      holds: (file) => ASKED_AGAIN.holds(file) && (file.format === 'jsonl' || file.format === 'json'),
      words: `${ASKED_AGAIN.words}, in JSON`,
    },
    isJson: true,
  },
  raw: {
    type: TEXT,
    help: 'the result line as the provider wrote it',
    of: ({ result }) => result && result.rawLine,
    when: { holds: ({ plan }) => plan.raw, words: `with \`${mention('raw')}\`` },
    isForeign: true,
    isJson: true,
  },
} as const satisfies Record<string, ColumnFacts>

/** The name of one of our columns, without the prefix. */
export type AnswerColumn = keyof typeof TABLE

/** Our columns by name. */
export const COLUMNS: Readonly<Record<AnswerColumn, ColumnFacts>> = TABLE

/** The names of our columns in the order in which they are written. */
export const COLUMN_NAMES = Object.keys(TABLE) as readonly AnswerColumn[]

/** The names of the columns that stand in a file, where none is named. */
export function columnsIn(file: FileFacts): readonly AnswerColumn[] {
  return COLUMN_NAMES.filter((name) => COLUMNS[name].when?.holds(file) ?? true)
}

/** The names of the columns that stand in every file, where none is named. */
export const USUAL_COLUMNS: readonly AnswerColumn[] = COLUMN_NAMES.filter((name) => COLUMNS[name].when === undefined)
