import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Target } from '../model/target.ts'
import type { Provider } from '../providers/provider.ts'
import { askAgain } from '../request/ask-again.ts'
import { type AnswerCheck, createAnswerCheck } from '../schema/check-answer.ts'
import type { Call } from './call.ts'
import type { CallReply } from './call-replies.ts'

/** Checks of schemas that stay compiled: programs have few, and some one for each call. */
const MOST_CHECKS = 100

/**
 * Checks answers by the schema of their call, and makes the question that asks anew: the call with the invalid answer and
 * what is wrong with it after its messages. That is a call like any other, so it is bought once, and answered from disk by
 * the next start.
 */
export class SchemaAsks {
  readonly #provider: Provider
  readonly #checks = new Map<string, Promise<AnswerCheck>>()

  constructor(provider: Provider) {
    this.#provider = provider
  }

  /** The call to make in place of this one; null where its answer may be used, or has no schema. */
  async again({ body, endpoint }: Call, reply: CallReply): Promise<Call | null> {
    const asked: unknown = JSON.parse(body)
    const schema = isJsonObject(asked) ? this.#provider.synchronous?.(endpoint)?.schemaOf(asked) : null
    if (!isJsonObject(asked) || !schema || reply.status !== 200) return null
    const answer = reply.output()
    const flaw = answer === null ? 'there is no text in it' : await this.#flawOf(answer, schema)
    if (flaw === null) return null
    const target: Target = { provider: this.#provider.name, endpoint, model: String(asked['model']) }
    const room = this.#provider.limits(target).maxLineBytes - Buffer.byteLength(body)
    const made = askAgain(body, { answer, flaw, room, target })
    return made.body === body ? null : { endpoint, body: made.body }
  }

  /** What is wrong with an answer; clients read nothing but the JSON itself, so a fence around it is wrong too. */
  async #flawOf(answer: string, schema: JsonObject): Promise<string | null> {
    const check = await this.#checkOf(schema)
    if (check === null) return null
    const checked = await check(answer)
    if (!checked.isValid) return checked.message
    return checked.note === null ? null : 'there is text around the JSON'
  }

  /** Null for a schema that cannot be checked by: the provider has taken it, so the answer is as good as it is. */
  async #checkOf(schema: JsonObject): Promise<AnswerCheck | null> {
    const key = JSON.stringify(schema)
    const check = this.#checks.get(key) ?? createAnswerCheck({ schema, name: '', isStrict: false })
    this.#checks.set(key, check)
    const [oldest] = this.#checks.keys()
    if (this.#checks.size > MOST_CHECKS && oldest !== undefined) this.#checks.delete(oldest)
    try {
      return await check
    } catch (error) {
      if (LlmBatchError.isInstance(error)) return null
      throw error
    }
  }
}
