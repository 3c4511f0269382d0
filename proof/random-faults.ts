import { parseFaultRule } from '../src/server/faults/rule.ts'
import { atDeadline } from './at-deadline.ts'
import { atProvider } from './at-provider.ts'
import {
  type Plan,
  type PlannedDiskFault,
  type PlannedNetworkFault,
  promptsOf,
  UNDISTURBED,
  USUAL_PROVIDERS,
} from './plan.ts'
import { withAnswers } from './random-answers.ts'
import { Chance } from './world/chance.ts'
import type { Crash } from './world/life.ts'
import { type CallName, NETWORK_FAULTS } from './world/simulated-network.ts'
import { SETTLE_MS } from './world/world.ts'

/**
 * What may strike a call at the provider. How late a batch is seen and how much the listing lags add up to less than the
 * settle wait, as the promise assumes. Between them they hold every fault from which a run must find its way back. */
const PROVIDER_FAULTS: Readonly<Record<string, readonly string[]>> = {
  upload: [
    'status(500)',
    'status(429)',
    'reset',
    'hang',
    'html',
    'wrong-size',
    'renamed',
    'accept-then-reset',
    'accept-then-500',
    'accept-then-hang',
    'half-json',
    'other-object',
  ],
  create: [
    'status(500)',
    'status(429)',
    'status(409)',
    'reset',
    'html',
    'hang',
    'slow(700)',
    'slow(2600)',
    'accept-then-500',
    'accept-then-reset',
    'accept-then-hang',
    'accept-then-html',
    'accept-then-429',
    'half-json',
    'empty-answer',
    'html-answer',
    'other-object',
    'no-id',
    'wrapped',
    'delayed(1000)',
    'delayed(3900)',
    'delayed(5000)',
    'delayed(20000)',
    'late(1000)',
    'late(1900)',
    'repeat',
    'file-not-found',
    'metadata-dropped',
    'redirect',
  ],
  get: [
    'status(500)',
    'status(404)',
    'status(429)',
    'reset',
    'hang',
    'html',
    'half-json',
    'other-object',
    'counts-lie',
    'ids-hidden',
    'ids-empty',
    'ids-early',
    'times-odd',
    'errors-odd',
    'batch-status(pre_schedule)',
    'metadata-dropped',
  ],
  list: [
    'status(500)',
    'status(429)',
    'reset',
    'hang',
    'html',
    'half-json',
    'repeat-page',
    'empty-page',
    'doubled-entries',
    'lag(2000)',
  ],
  file: ['status(500)', 'status(404)', 'reset', 'half-json', 'wrong-size'],
  delete: ['status(500)', 'reset', 'accept-then-500', 'delete-ignored'],
  content: [
    'status(502)',
    'status(404)',
    'cut',
    'short',
    'zero-bytes',
    'html-answer',
    'false-encoding',
    'reset',
    'hang',
    'bom',
    'crlf',
    'blank-lines',
    'doubled-lines',
    'foreign-lines',
    'no-final-newline',
  ],
  run: [
    'expire(0.5)',
    'expire(0)',
    'queue-full',
    'row-status(429@0.4)',
    'row-status(500@0.4)',
    'errors-in-output',
    'in-both-files',
    'zero-byte-files',
    'refuse(invalid_json_line@2)',
    'refuse(server_busy)',
  ],
}

/** Faults that only a longer sequence of them brings about: each is a whole list of rules. */
const SEQUENCES: readonly (readonly string[])[] = [
  // An unknown create whose batch is first not listed, then half of the listing is missing.
  ['create:1=accept-then-reset', 'list:2=nothing-listed'],
  ['create:1=accept-then-reset', 'list:2=ends-early', 'list:3=no-has-more'],
  ['create:1=reset', 'delete:1=delete-ignored'],
  ['create:1=delayed(5000)', 'delete:1=status(500)'],
  ['run:1=expire(0.5)', 'run:1=unfinished-absent'],
  ['run:1=stuck(0.5)', 'cancel:1=cancel-ignored'],
  ['create:1=accept-then-500', 'create:1=late(1900)'],
  ['create:1=accept-then-429', 'list=lag(2000)'],
  ['create:1=accept-then-reset', 'list:2-4=empty-page'],
  ['create:1=accept-then-hang', 'list:2-5=repeat-page'],
  ['create:1=delayed(9000)', 'delete:1=delete-ignored'],
  ['content:1-2=short'],
]

/** Wishes of single rows about their outcome. */
const WISHES = [
  'status=429 times=1',
  'status=500 times=2',
  'status=400',
  'length',
  'refusal',
  'content_filter',
  'tool_call',
  'empty',
  'no_usage',
  'bad_shape',
  'missing',
  'garbled',
  'expired',
] as const

/** What may strike a synchronous call. */
const DIRECT_FAULTS = [
  'status(400)',
  'status(429)',
  'status(500)',
  'reset',
  'hang',
  'half-json',
  'accept-then-500',
  'accept-then-reset',
] as const

/** Where network faults strike, the create above all. */
const STRUCK_CALLS: readonly CallName[] = [
  'create',
  'create',
  'create',
  'upload',
  'get',
  'list',
  'content',
  'file',
  'delete',
]

/** Steps of an undisturbed run of the usual size; crashes are drawn from somewhat more, because trouble makes runs longer. */
const USUAL_STEPS = 190

/** The plan of a seed: one to six faults, up to two crashes. The same seed gives the same plan. */
export function stormOf(seed: number): Plan {
  const plan = inPortions(withAnswers(atProvider(plainStormOf(seed), seed, ruleFor), seed), seed)
  return atDeadline(plan, seed, callTrouble)
}

/**
 * Has some storms append their rows to an open run. Not where it is cancelled, because how many rows it has by then is
 * chance; nor where what is asked directly or shared would be told by the place of a row in the whole.
 */
function inPortions(plan: Plan, seed: number): Plan {
  // Drawn apart as well.
  const chance = new Chance(seed ^ 0x09e4)
  const mayGrow = plan.cancelAfterMs === null && plan.rivalAfterMs === null && plan.earlier === null
  const isPlain = !plan.hasCanary && !plan.isSharing
  return mayGrow && isPlain && chance.happens(0.2) ? { ...plan, portions: 2 + chance.below(2) } : plan
}

function plainStormOf(seed: number): Plan {
  const chance = new Chance(seed)
  const rows = 5 + chance.below(16)
  const draft = { faults: [] as string[], network: [] as PlannedNetworkFault[], disk: [] as PlannedDiskFault[] }
  const count = 1 + chance.below(6)
  for (let number = 0; number < count; number += 1) addFault(chance, draft)
  const cancelAfterMs = chance.happens(0.08) ? chance.pick([1, 400, 900, 2_500, 6_000]) : null
  const rivalAfterMs = chance.happens(0.05) ? chance.pick([0, 300, 1_200]) : null
  // Drawn apart, so that the rest of a seed stays what it was.
  const money = new Chance(seed ^ 0xca9)
  const hasCanary = money.happens(0.25)
  const capUsd = money.happens(0.25) ? money.pick([160, 300, 700]) : null
  if (hasCanary && money.happens(0.5)) draft.network.push(callFault(money))
  if (hasCanary && money.happens(0.3)) draft.faults.push(callRule(money))
  // A batch that is stuck goes on only when it is cancelled.
  const isStuck = draft.faults.some((rule) => rule.includes('stuck'))
  return {
    ...UNDISTURBED,
    ...draft,
    faults: consistent(draft.faults),
    name: `seed ${seed}`,
    seed,
    provider: chance.pick(USUAL_PROVIDERS),
    prompts: promptsOf(
      rows,
      Array.from({ length: rows }, () => (chance.happens(0.15) ? chance.pick(WISHES) : null)),
    ),
    maxRequests: 3 + chance.below(8),
    crashes: crashesOf(chance),
    cancelAfterMs: isStuck ? 2_500 : cancelAfterMs,
    strangers: chance.happens(0.05) ? 120 : 0,
    rivalAfterMs,
    hasCanary,
    capUsd,
    // Two first starts on a failing disk would only show that one may take away the other's unfinished first file.
    disk: rivalAfterMs === null ? draft.disk : [],
    strayKeyAtStart: chance.happens(0.1) ? 2 : null,
    durations: { runMs: chance.pick([50, 400, 1_500]), validateMs: chance.pick([20, 300]) },
  }
}

/** A provider that keeps a deleted file must not also say that it is gone: then a deleted file could start a batch. */
function consistent(faults: readonly string[]): readonly string[] {
  const keepsDeleted = faults.some((rule) => rule.includes('delete-ignored'))
  return keepsDeleted ? faults.filter((rule) => !/^file:.*404/.test(rule)) : faults
}

function addFault(
  chance: Chance,
  draft: { faults: string[]; network: PlannedNetworkFault[]; disk: PlannedDiskFault[] },
): void {
  const kind = chance.fraction()
  if (kind < 0.1) draft.faults.push(...chance.pick(SEQUENCES))
  else if (kind < 0.62) draft.faults.push(providerFault(chance))
  else if (kind < 0.95) draft.network.push(networkFault(chance))
  else draft.disk.push({ operation: chance.pick(['write', 'sync']), number: 1 + chance.below(30) })
}

function providerFault(chance: Chance): string {
  const call = chance.happens(0.3) ? 'create' : chance.pick(Object.keys(PROVIDER_FAULTS))
  return ruleFor(chance, call)
}

function ruleFor(chance: Chance, call: string): string {
  const first = 1 + chance.below(call === 'list' || call === 'get' ? 5 : 3)
  return `${call}:${first}-${first + chance.below(2)}=${chance.pick(PROVIDER_FAULTS[call] ?? [])}`
}

function networkFault(chance: Chance): PlannedNetworkFault {
  const call = chance.pick(STRUCK_CALLS)
  return {
    call,
    number: 1 + chance.below(call === 'delete' ? 1 : 4),
    fault: chance.pick(NETWORK_FAULTS),
    lateMs: chance.pick([500, SETTLE_MS - 100, SETTLE_MS + 1_000, 20_000]),
    answer: null,
  }
}

function callFault(chance: Chance): PlannedNetworkFault {
  const fault = chance.pick(NETWORK_FAULTS)
  return { call: 'direct', number: 1 + chance.below(4), fault, lateMs: chance.pick([500, 20_000]), answer: null }
}

function callRule(chance: Chance): string {
  return `direct:${1 + chance.below(3)}=${chance.pick(DIRECT_FAULTS)}`
}

/** One fault of a synchronous call, at the provider or on the way to it. */
function callTrouble(chance: Chance): Pick<Plan, 'faults' | 'network'> {
  return chance.happens(0.5)
    ? { faults: [callRule(chance)], network: [] }
    : { faults: [], network: [callFault(chance)] }
}

function crashesOf(chance: Chance): readonly Crash[] {
  const steps = Array.from({ length: chance.below(3) }, () => 1 + chance.below(USUAL_STEPS * 1.4))
  return steps
    .sort((one, other) => one - other)
    .map((step) => ({ step, kind: chance.pick(['death', 'power loss'] as const) }))
}

/** Every fault of the provider that a storm can draw, as `call fault`. */
export function faultNames(): readonly string[] {
  const rules = [
    ...Object.entries(PROVIDER_FAULTS).flatMap(([call, faults]) => faults.map((fault) => `${call}=${fault}`)),
    ...SEQUENCES.flat(),
    ...DIRECT_FAULTS.map((fault) => `direct=${fault}`),
  ]
  return [...new Set(rules.map(parseFaultRule).map(({ call, fault }) => `${call} ${fault}`))]
}
