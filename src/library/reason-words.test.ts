import { describe, expect, it } from 'vitest'
import { inFlags, inProperties } from '../model/options/mention.ts'
import type { Reason } from '../model/reason.ts'
import { tellingIn } from './told.ts'

const CANARY = { asked: 10, refused: 9, failed: 7, code: 'unsupported_value', example: 'no temperature.' } as const
const COST = { what: 'batch 3', micros: 2e6, cap: 3e6, settled: 1_234_567, reserved: 500_000 } as const

describe('a reason', () => {
  it.each<[Reason, RegExp, RegExp]>([
    [
      { kind: 'stop_loss', batch: 3, code: 'unsupported_value', example: 'no temperature', failed: 40, requests: 50 },
      /^40 of the 50 rows of batch 3 .*unsupported_value: no temperature; .* resume with --ignore-stop-loss$/,
      / resume with ignoreStopLoss$/,
    ],
    [
      { kind: 'canary_refused', ...CANARY },
      /^9 of the 10 rows .* 7 with unsupported_value: no temperature; .*; --no-canary sends all rows without asking$/,
      /; canary: false sends all rows without asking$/,
    ],
    [
      { kind: 'canary_unusable', asked: 10, counts: { truncated: 7, bad_shape: 3 } },
      /^none of the 10 rows .* \(7 truncated, 3 bad_shape\); .*more --max-tokens, or another prompt.*Resume/,
      /more maxTokens, or another prompt/,
    ],
    [
      { kind: 'over_budget', ...COST, mayFitLater: false },
      /^batch 3 may cost \$2\.00; of the cap of \$3\.00, \$1\.23 is spent and \$0\.50 set aside; .*: resume with --max-cost 3\.74$/,
      /: resume with budget\.maxCostUsd: 3\.74$/,
    ],
    [
      { kind: 'price_unknown', what: 'batch 1', calls: null, cap: 'over_budget' },
      /^a cap cannot be kept: the price of batch 1 is unknown/,
      /under prices$/,
    ],
    [
      { kind: 'lost_at_provider', provider: 'openai', remoteId: 'batch_1' },
      /: llm-batch cancel, then llm-batch retry --status missing buys them again$/,
      /: cancel\(\), then retry\(\{ status: \['missing'\] \}\) buys them again$/,
    ],
    [
      { kind: 'batch_held', batch: 2, why: { kind: 'account_problem', words: 'no credit' }, others: 3 },
      /^batch 2 is held: no credit \(and 3 more\)$/,
      /no credit/,
    ],
  ])('%j is told a person with flags, a program with its properties', (reason, typed, given) => {
    expect(tellingIn(inFlags)(reason)).toMatch(typed)
    expect(tellingIn(inProperties)(reason)).toMatch(given)
  })
})
