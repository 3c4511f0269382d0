import { z } from 'zod'
import { LlmBatchError } from '../../model/error.ts'
import { CALLS, type Call, FAULTS, type Fault, type FaultName, findFault } from './catalogue.ts'

/**
 * A fault, and the calls that it happens to. Calls are counted by kind, from 1, since the server started or rules were set.
 */
export interface FaultRule {
  readonly call: Call | 'any'
  readonly fault: FaultName
  /** What the fault needs to know, such as a status or milliseconds. @default the fault's own */
  readonly argument?: string | undefined
  /** The first call it applies to. @default 1 */
  readonly from?: number | undefined
  /** The last call it applies to. @default no last one */
  readonly to?: number | undefined
  /** The chance that it applies, in [0, 1]; drawn from the server's seed. @default 1 */
  readonly probability?: number | undefined
}

const ruleSchema = z.strictObject({
  call: z.enum([...CALLS, 'any']),
  fault: z.string(),
  argument: z.string().optional(),
  from: z.number().optional(),
  to: z.number().optional(),
  probability: z.number().optional(),
})

/**
 * Reads `CALL[:WHEN]=FAULT[(ARGUMENT)]`. WHEN is a number (`1`), a range (`2-4`), an open range (`5+`) or a chance
 * (`25%`); without it the fault applies to every call. A bare number stands for `status(…)`, and `accept-then-500`
 * for `accept-then-status(500)`. Throws a usage error for anything else.
 */
export function parseFaultRule(text: string): FaultRule {
  const match = /^([a-z]+)(?::([^=]+))?=([a-z0-9-]+)(?:\((.*)\))?$/.exec(text.trim())
  if (!match) throw unreadable(text, 'it does not look like CALL:WHEN=FAULT(ARGUMENT)')
  const [, call = '', when, word = '', argument] = match
  if (call !== 'any' && !isCall(call))
    throw unreadable(text, `unknown call ${call}; calls are ${CALLS.join(', ')} and any`)
  return checkFaultRule({ call, ...parseWhen(text, when), ...faultOf(text, word, argument) })
}

/** The rule itself, where its fault can be put on its call; throws a usage error otherwise. */
export function checkFaultRule(given: unknown): FaultRule {
  const read = ruleSchema.safeParse(given)
  if (!read.success) throw unreadable(JSON.stringify(given), z.prettifyError(read.error).replace(/\s+/g, ' '))
  const rule = read.data as FaultRule
  const fault: Fault | undefined = findFault(rule.fault)
  if (!fault)
    throw unreadable(rule.fault, `the fault is unknown; faults are ${FAULTS.map(({ name }) => name).join(', ')}`)
  const isHttp = rule.call !== 'run'
  const fits = rule.call === 'any' || fault.calls.includes(rule.call) || (isHttp && fault.calls.includes('any'))
  if (!fits) throw unreadable(`${rule.call}=${rule.fault}`, `${rule.fault} can be put on ${fault.calls.join(', ')}`)
  return rule
}

function faultOf(text: string, word: string, argument: string | undefined): Pick<FaultRule, 'fault' | 'argument'> {
  const short = /^(accept-then-)?(\d{3})$/.exec(word)
  if (short) return { fault: short[1] ? 'accept-then-status' : 'status', argument: short[2] }
  const fault = findFault(word)
  if (!fault) throw unreadable(text, `unknown fault ${word}; faults are ${FAULTS.map(({ name }) => name).join(', ')}`)
  return { fault: fault.name, argument }
}

function parseWhen(text: string, when: string | undefined): Pick<FaultRule, 'from' | 'to' | 'probability'> {
  if (when === undefined || when === '*') return {}
  const chance = /^(\d+(?:\.\d+)?)%$/.exec(when)
  if (chance) return { probability: Number(chance[1]) / 100 }
  const range = /^(\d+)(?:-(\d+)|(\+))?$/.exec(when)
  if (!range) throw unreadable(text, `${when} is neither a number nor a range nor a percentage`)
  const from = Number(range[1])
  return range[3] ? { from } : { from, to: Number(range[2] ?? from) }
}

function isCall(word: string): word is Call {
  return (CALLS as readonly string[]).includes(word)
}

function unreadable(text: string, reason: string): LlmBatchError {
  return new LlmBatchError('usage', `the fault "${text}" cannot be used: ${reason}`, {
    next: 'Write it as in create:1=accept-then-500 or content:2-3=cut(0.5).',
  })
}
