/**
 * Destination of a request: provider, endpoint and model. A batch never mixes targets, because the providers
 * refuse files with more than one model or endpoint.
 */
export interface Target {
  /** The provider's name as the user writes it, such as `openai`. */
  readonly provider: string
  /** The path the request is meant for, such as `/v1/chat/completions`. */
  readonly endpoint: string
  /** The provider's own model name; may itself contain slashes. */
  readonly model: string
}

/** The endpoint that prompts and chat rows are sent to. */
export const CHAT_ENDPOINT = '/v1/chat/completions'

/**
 * Splits what the user wrote as the model at the first slash only: `openai/gpt-6.1-terra`, but also
 * `openai/org/custom-model`. Returns undefined where either part is missing.
 */
export function parseModel(text: string): { provider: string; model: string } | undefined {
  const slash = text.indexOf('/')
  if (slash <= 0 || slash === text.length - 1) return undefined
  return { provider: text.slice(0, slash), model: text.slice(slash + 1) }
}

/** The keys of targets that were asked for: the same few objects stand at every row of a run. */
const KEYS = new WeakMap<Target, string>()

/** One string for a target, usable as a key; the reverse of nothing, never parsed. */
export function targetKey(target: Target): string {
  let key = KEYS.get(target)
  if (key === undefined) {
    key = JSON.stringify([target.provider, target.endpoint, target.model])
    KEYS.set(target, key)
  }
  return key
}
