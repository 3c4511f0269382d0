import type { AnswerDefinition, JsonSchema, SchemaDialect } from '../model/answer.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Target } from '../model/target.ts'
import { factsOf } from '../providers/known.ts'
import { wireSchema } from './wire-schema.ts'

/** Form of a schema at an endpoint. */
export interface FormatPlace {
  readonly target: Pick<Target, 'provider' | 'endpoint'>
  /** What the endpoint can enforce; null where its answers follow no schema. */
  readonly schemaDialect: SchemaDialect | null
  /** Further body fields of the user's. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** Flaws told at once. */
const MOST_FLAWS = 5

/**
 * The body fields that ask for answers of a schema, in the endpoint's words.
 * @throws LlmBatchError `usage` where the endpoint takes no schema, the schema breaks its rules, or a parameter says the same
 */
export function answerFields(answer: AnswerDefinition, place: FormatPlace): Readonly<Record<string, unknown>> {
  const { parameters, schemaDialect, target } = place
  if (schemaDialect === null) {
    throw new LlmBatchError('usage', `${target.endpoint} does not support a schema`, {
      next: `Leave ${mention('schema')} and ${mention('field')} out.`,
    })
  }
  const schema = answer.isStrict
    ? strictSchema(answer.schema, schemaDialect, target.provider)
    : withoutMeta(answer.schema)
  const format = { name: answer.name, schema, strict: answer.isStrict }
  const asked = factsOf(target.provider).answerFields(target.endpoint, format, parameters)
  if ('fields' in asked) return asked.fields
  throw new LlmBatchError('usage', `the parameter "${asked.saidTwice}" and a schema cannot be used together`, {
    next: 'Leave one of them out.',
  })
}

function strictSchema(given: JsonSchema, dialect: SchemaDialect, provider: string): JsonSchema {
  const { flaws, schema } = wireSchema(given, dialect)
  if (flaws.length === 0) return schema
  const lines = flaws.slice(0, MOST_FLAWS).map(({ path, rule }) => `${path} ${rule}`)
  const more = flaws.length > lines.length ? `; and ${flaws.length - lines.length} more` : ''
  throw new LlmBatchError(
    'usage',
    `the schema breaks the rules of ${provider} for strict answers: ${lines.join('; ')}${more}`,
    {
      next: `Change it, or add ${mention('strict')}: then the provider does not enforce it, and llm-batch still checks the answers.`,
    },
  )
}

/** What tells readers of a file what it is, and nothing to a model. */
function withoutMeta({ $id: _id, $schema: _draft, ...schema }: JsonSchema): JsonSchema {
  return schema
}
