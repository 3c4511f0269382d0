import type { AnswerNote, JsonSchema } from '../model/answer.ts'
import type { OutcomeStatus, Usage } from '../model/outcome.ts'
import type { OtherQuestion, RowOutcome, SettledResult } from '../model/row.ts'
import { answerId, errorText } from '../output/answer.ts'
import type { ValueJudge } from '../schema/check-answer.ts'
import { type Validated, type Validator, validate } from '../schema/standard-schema.ts'
import type { costOfResult } from '../workspace/report.ts'

/** A record of the user's input, where nothing more is known of its columns. */
export type AnyRow = Readonly<Record<string, unknown>>

/** Schema of the answers: a validator of any library that speaks Standard Schema, or a JSON Schema. */
export type AnswerSchema = Validator | JsonSchema

/** The value that answers of a schema are: typed by a validator, unknown of a JSON Schema, text without either. */
export type AnswerOf<Schema> =
  Schema extends Validator<infer Output> ? Output : Schema extends JsonSchema ? unknown : string

/**
 * Type of the answers of an endpoint; `Row` and `Column` tell whether a row of the caller's own type holds one
 * text or several.
 */
export type OutputOf<Endpoint, Row = AnyRow, Column = undefined> = Endpoint extends 'embeddings' | '/v1/embeddings'
  ? PerText<number[], Row, Column>
  : Endpoint extends JsonEndpoint | `/v1/${JsonEndpoint}` | '/v1/chat/moderations' | '/v1/chat/classifications'
    ? PerText<Readonly<Record<string, unknown>>, Row, Column>
    : string

type JsonEndpoint = 'moderations' | 'chat-moderations' | 'classifications' | 'chat-classifications'

/** One answer for a text, a list for a list of texts. */
type PerText<Answer, Row, Column> = Column extends keyof Row
  ? Row[Column] extends readonly unknown[]
    ? Answer[]
    : Answer
  : Answer

/** Type of the answers of a run: by its schema, else by its endpoint. */
export type OutputBy<Schema extends AnswerSchema | undefined, Endpoint, Row, Column> = Schema extends AnswerSchema
  ? AnswerOf<Schema>
  : OutputOf<Endpoint, Row, Column>

/** The result of one row; `Output` is what its answer is read as. */
export type RowResult<Row extends object = AnyRow, Output = string> = RowFacts<Row> & RowAnswer<Output>

/** A row that succeeded has its output; for any other it is the text that came, where any did. */
export type RowAnswer<Output> =
  | {
      readonly status: 'succeeded'
      /** Text, or a value where there is a schema, the endpoint answers with JSON, or `n` asks for several answers. */
      readonly output: Output
    }
  | { readonly status: Exclude<OutcomeStatus, 'succeeded'> | 'pending'; readonly output: string | null }

/** Facts of a row besides its answer. */
export interface RowFacts<Row extends object> {
  /** The input row, as it was frozen. */
  readonly row: Row
  /** The user's id of the row, or its line number as text. */
  readonly id: string
  readonly error: string | null
  /** What had to be overlooked to read the answer as JSON; null for nothing. */
  readonly note: AnswerNote | null
  readonly finishReason: string | null
  /** Tokens of the answer; those of earlier ones stand with them. */
  readonly usage: Usage | null
  /**
   * US dollars, for all that the row was asked; null where the price or the usage is not known, 0 where it was bought for
   * an earlier row or by an earlier run.
   */
  readonly costUsd: number | null
  /** Who the answer was bought for; null while there is none. */
  readonly boughtFor: SettledResult['boughtFor'] | null
  /** The model that answered, as the provider names it. */
  readonly model: string | null
  /** How often it was asked. */
  readonly turns: number
  /** What else it was answered with, where it was asked several times. */
  readonly earlier: readonly EarlierAnswer[]
}

/** An answer in whose place the row was asked again, or what became of a question that brought none. */
export interface EarlierAnswer {
  readonly status: OutcomeStatus
  readonly output: string | null
  readonly error: string | null
  readonly usage: Usage | null
  readonly costUsd: number | null
}

type CostOf = ReturnType<typeof costOfResult>

/** The result of a row; of a row that succeeded, its output is of the type that the schema says. */
export async function rowResult<Row extends object>(
  row: RowOutcome,
  cost: CostOf,
  validator: Validator | null,
): Promise<RowResult<Row, unknown>> {
  const { problem, result } = row
  const outcome = result?.outcome
  const facts: RowFacts<Row> = {
    row: JSON.parse(row.json) as Row,
    id: answerId(row),
    error: problem ? `${problem.code}: ${problem.detail}` : (outcome?.reason ?? null),
    note: result?.structured?.note ?? null,
    finishReason: outcome?.finishReason ?? null,
    usage: outcome?.usage ?? null,
    costUsd: result ? cost(result) : null,
    boughtFor: result?.boughtFor ?? null,
    model: outcome?.model ?? null,
    turns: result ? result.others.length + 1 : 0,
    earlier: result?.others.map((other) => earlierAnswer(other, cost)) ?? [],
  }
  if (!result || outcome?.status !== 'succeeded') {
    return { ...facts, status: outcome?.status ?? (problem ? 'failed' : 'pending'), output: outcome?.output ?? null }
  }
  if (result.structured === null) {
    const { isJson, output } = outcome
    return { ...facts, status: 'succeeded', output: isJson && output !== null ? JSON.parse(output) : output }
  }
  const { value } = result.structured
  if (validator === null) return { ...facts, status: 'succeeded', output: value }
  const validated = await validate(validator, value)
  if (validated.isValid) return { ...facts, status: 'succeeded', output: validated.value }
  return { ...facts, status: 'invalid', output: outcome.output, error: validated.message }
}

function earlierAnswer(other: OtherQuestion, cost: CostOf): EarlierAnswer {
  const { output, status, usage } = other.outcome
  return { status, output, error: errorText(other.outcome), usage, costUsd: cost(other) }
}

export function judgeBy(validator: Validator): ValueJudge {
  const messageOf = (result: Validated<unknown>): string | null => (result.isValid ? null : result.message)
  return (value) => {
    const result = validate(validator, value)
    return result instanceof Promise ? result.then(messageOf) : messageOf(result)
  }
}
