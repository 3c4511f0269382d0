import type { Configuration } from '../config/configuration.ts'
import { grouped } from '../lib/number.ts'
import { estimateTokens } from '../plan/tokens.ts'
import { costOf, findPrice } from '../prices/cost.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'

/** What the input of an attempt costs, roughly, in words; the answers' length is not known before. */
export function inputCostText(attempt: AttemptRecord, prices: Configuration['prices']): string {
  const { model, provider } = attempt.target
  const promptTokens = estimateTokens(attempt.inputBytes)
  const usage = { promptTokens, completionTokens: 0, cachedTokens: null, reasoningTokens: null }
  const cost = costOf(usage, findPrice(provider, model, prices), 'batch')
  const tokens = `about ${grouped(promptTokens)} input tokens`
  return cost === null ? `${tokens} (price unknown)` : `about $${cost.toFixed(2)} for ${tokens}, and the answers,`
}
