import type { ProviderProblem } from '../error-text.ts'

/** Codes that providers give when the account, not the request, is at fault. */
const CODES: readonly string[] = [
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'account_deactivated',
  'invalid_api_key',
  'insufficient_funds',
  'insufficient_balance',
  'payment_required',
  'enforced_spend_limit_reached',
  'contract_spend_limit_reached',
  'ramp_limit_exceeded',
]

/** The same said in words only; seen as an ordinary 400 on every row once the credit ran out. */
const WORDS =
  /credit balance is too low|exceeded your current quota|billing (?:hard |soft )?limit|insufficient (?:funds|balance|credits?|quota)|account is not active/i

/**
 * True where the cause lies with the account (no credit, a limit the owner set, key revoked): nothing was billed, every
 * other row would fail the same way, and all may succeed once a person has mended it.
 */
export function isAccountProblem(status: number | null, problem: ProviderProblem | undefined): boolean {
  if (status === 401 || status === 402) return true
  return problem !== undefined && (CODES.includes(problem.code ?? '') || WORDS.test(problem.message))
}
