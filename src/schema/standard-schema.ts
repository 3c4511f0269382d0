import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonSchema } from '../model/answer.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'

/** A validator of any library that speaks Standard Schema: zod, valibot, arktype and others. */
export type Validator<Output = unknown> = StandardSchemaV1<unknown, Output>

/** True for a validator, false for a JSON Schema. Validators of some libraries are functions. */
export function isValidator(schema: unknown): schema is StandardSchemaV1 {
  return ((typeof schema === 'object' && schema !== null) || typeof schema === 'function') && '~standard' in schema
}

/**
 * The JSON Schema of what a validator takes, as far as its library can tell: by the Standard JSON Schema interface, else
 * by the ways of zod and arktype.
 * @throws LlmBatchError `usage` where it cannot; then the caller has to give one
 */
export async function jsonSchemaOf(validator: StandardSchemaV1): Promise<JsonSchema> {
  const { vendor } = validator['~standard']
  try {
    const schema = await convert(validator)
    if (schema !== undefined) return schema
  } catch (error) {
    throw noJsonSchema(vendor, `: ${messageOf(error)}`, error)
  }
  throw noJsonSchema(vendor, '')
}

async function convert(validator: StandardSchemaV1): Promise<JsonSchema | undefined> {
  const { jsonSchema, vendor } = validator['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>
  if (jsonSchema) return jsonSchema.input({ target: 'draft-2020-12' })
  if (vendor === 'zod') return await convertZod(validator)
  const { toJsonSchema } = validator as { readonly toJsonSchema?: unknown }
  return typeof toJsonSchema === 'function' ? (toJsonSchema.call(validator) as JsonSchema) : undefined
}

/** Older releases of zod 4 convert by a function of the package only; the schemas of zod 3 cannot be converted. */
async function convertZod(validator: StandardSchemaV1): Promise<JsonSchema | undefined> {
  if (!('_zod' in validator)) return undefined
  const { toJSONSchema } = await import('zod')
  return toJSONSchema(validator as unknown as Parameters<typeof toJSONSchema>[0], { io: 'input' })
}

function noJsonSchema(vendor: string, why: string, cause?: unknown): LlmBatchError {
  return new LlmBatchError('usage', `a schema made with ${vendor} does not give its JSON Schema${why}`, {
    next: 'Add it beside the schema, as jsonSchema; for valibot: toJsonSchema(schema) of @valibot/to-json-schema.',
    cause,
  })
}

/** Result of a validator. */
export type Validated<Output> =
  | { readonly isValid: true; readonly value: Output }
  | { readonly isValid: false; readonly message: string }

/** Has a validator judge a value; what it makes of the value is the output. */
export function validate<Output>(
  validator: Validator<Output>,
  value: unknown,
): Validated<Output> | Promise<Validated<Output>> {
  const result = validator['~standard'].validate(value)
  return result instanceof Promise ? result.then(validatedFrom) : validatedFrom(result)
}

function validatedFrom<Output>(result: StandardSchemaV1.Result<Output>): Validated<Output> {
  if (!result.issues) return { isValid: true, value: result.value }
  return { isValid: false, message: result.issues.map(describeIssue).join('; ') }
}

function describeIssue({ message, path = [] }: StandardSchemaV1.Issue): string {
  const steps = path.map((step) => String(typeof step === 'object' ? step.key : step))
  return steps.length === 0 ? message : `${steps.join('.')}: ${message}`
}
