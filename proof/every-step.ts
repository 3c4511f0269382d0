import { isDeepStrictEqual } from 'node:util'
import type { AnswerRow } from './answer-row.ts'
import { carryOut, type Verdict } from './carry-out.ts'
import { type Plan, type ProviderName, promptsOf, sharedPrompts, UNDISTURBED, USUAL_PROVIDERS } from './plan.ts'
import type { CrashKind } from './world/life.ts'

/** Runs whose every step is a place to die. */
const SCENARIOS: Readonly<Record<string, Partial<Plan>>> = {
  plain: { prompts: promptsOf(8, [null, 'length', 'status=429 times=1']) },
  'unknown create': { prompts: promptsOf(5), faults: ['create:1=accept-then-reset', 'list:2=lag(3000)'] },
  'create that never was': { prompts: promptsOf(5), faults: ['create:1=reset'] },
  'expired with partial output': { prompts: promptsOf(6), maxRequests: 6, faults: ['run:1=expire(0.5)'] },
  'queue full': { prompts: promptsOf(8), faults: ['run:1=queue-full'] },
  'asked again': {
    prompts: promptsOf(6, [null, 'invalid_json times=1', 'invalid_json', 'fenced_json']),
    reasks: 1,
  },
  'shared rows': { prompts: sharedPrompts(9, [null, 'status=429 times=1']), isSharing: true },
  'shared rows asked again': {
    prompts: sharedPrompts(9, [null, 'invalid_json times=1', 'wrong_schema']),
    isSharing: true,
    reasks: 1,
  },
  'carried over': {
    prompts: promptsOf(9),
    earlier: { prompts: promptsOf(12).slice(3), isStruck: false },
  },
  'carried over and asked again': {
    prompts: promptsOf(7, ['invalid_json times=1', null, 'invalid_json times=2', null, null, 'invalid_json times=1']),
    earlier: { prompts: promptsOf(5, ['invalid_json times=1', null, 'invalid_json times=2']), isStruck: false },
    reasks: 1,
  },
  retried: {
    prompts: promptsOf(8, [null, 'length times=1', 'status=400', 'length times=1', 'length', null, 'length times=1']),
    maxRequests: 2,
    retries: [['truncated'], []],
  },
  'retried and asked again': {
    prompts: promptsOf(6, ['invalid_json times=3', null, 'invalid_json times=2', 'wrong_schema']),
    maxRequests: 2,
    reasks: 1,
    retries: [['invalid']],
  },
  'open run': { prompts: promptsOf(7, [null, 'status=429 times=1']), maxRequests: 2, portions: 3 },
  'open run asked again': {
    prompts: sharedPrompts(9, [null, 'invalid_json times=1', null, null, null, null, 'wrong_schema']),
    isSharing: true,
    reasks: 1,
    portions: 3,
  },
  'refused lines': { prompts: promptsOf(5), faults: ['run:1=refuse(invalid_json_line@2)'] },
  'damaged outcomes': {
    prompts: promptsOf(8, [null, 'length', 'status=429 times=1']),
    maxRequests: 3,
    isRotting: true,
  },
  canary: { prompts: promptsOf(8), maxRequests: 3, hasCanary: true },
  'held canary': {
    prompts: promptsOf(8),
    maxRequests: 3,
    hasCanary: true,
    faults: ['direct:1-3=status(404)'],
    isRotting: true,
  },
  cap: { prompts: promptsOf(12), maxRequests: 2, capUsd: 160 },
  cancel: { prompts: promptsOf(8), durations: { runMs: 3_000 }, cancelAfterMs: 1_800 },
  // The first synchronous call is under way when the run is cancelled, and batches wait, of which the upload would be slow.
  'cancelled canary': {
    prompts: promptsOf(8),
    maxRequests: 3,
    hasCanary: true,
    faults: ['direct:1=slow(1900)', 'upload=slow(1500)'],
    cancelAfterMs: 300,
  },
}

/** Those that take another way where nothing but likeness tells whose a batch is, and input is sent in the create. */
const COUNTED: Readonly<Record<string, Partial<Plan>>> = {
  ...chosen('plain', 'unknown create', 'create that never was', 'asked again', 'canary', 'cancel'),
  'unknown create beside a like batch': {
    prompts: promptsOf(5),
    faults: ['create:1=accept-then-reset'],
    twin: 5,
    durations: { runMs: 1_500 },
  },
  // None of them can be cut, so that all others wait for the one that a person decides about.
  'unknown create of one request': { prompts: promptsOf(3), maxRequests: 1, faults: ['create:2=reset'] },
}

/** Those that take another way where the name of a batch is its only mark, and an expired one leaves nothing. */
const NAMED: Readonly<Record<string, Partial<Plan>>> = chosen(
  'plain',
  'unknown create',
  'create that never was',
  'expired with partial output',
  'canary',
  'cancel',
)

const STUCK = ['run=stuck(0.5)'] as const

/** Batches are late, and half of each is answered when the deadline is near. */
const LATE: Partial<Plan> = {
  prompts: promptsOf(6, ['length']),
  maxRequests: 4,
  faults: STUCK,
  durations: { cancelMs: 700 },
  deadlineMs: 40_000,
}

/** One of two batches ends well before the other. */
const SLOW_TO_END = [...STUCK, 'cancel:2-4=cancel-ignored'] as const

/** Runs whose deadline comes, after which the rest is asked directly. */
const TAILS: readonly (readonly [ProviderName, Readonly<Record<string, Partial<Plan>>>])[] = [
  [
    'openai',
    {
      tail: { ...LATE, faults: SLOW_TO_END },
      // A double that no listing shows before the deadline is near.
      'no tail beside a double': {
        ...LATE,
        prompts: promptsOf(4),
        faults: [...STUCK, 'create:1=repeat', 'upload:1-4=hang', 'list:2-22=status(500)'],
        deadlineMs: 24_000,
      },
    },
  ],
  // A person cancels what the deadline has begun to cancel, before the tail.
  ['mistral', { 'no tail after a person': { ...LATE, faults: SLOW_TO_END, cancelAfterMs: 20_800 } }],
  ['gemini', { 'tail with a call in doubt': { ...LATE, faults: [...STUCK, 'direct:1=accept-then-reset'] } }],
]

/** Runs in which one request of each of two beginnings goes first. */
const PRIMED: Readonly<Record<string, Partial<Plan>>> = {
  primed: { prompts: promptsOf(7), beginnings: 2 },
  'primed by an unknown create': { prompts: promptsOf(7), beginnings: 2, faults: ['create:1=accept-then-reset'] },
  'primed by a create that never was': { prompts: promptsOf(7), beginnings: 2, faults: ['create:1=reset'] },
}

function chosen(...names: readonly string[]): Readonly<Record<string, Partial<Plan>>> {
  return Object.fromEntries(names.map((name) => [name, SCENARIOS[name] ?? {}]))
}

/** The scenarios that are walked for each provider, undisturbed. */
export function scenarioPlans(): readonly Plan[] {
  const plansAt = (provider: ProviderName, scenarios: Readonly<Record<string, Partial<Plan>>>): readonly Plan[] =>
    Object.entries(scenarios).map(([name, parts]) => ({
      ...UNDISTURBED,
      ...parts,
      provider,
      name: `${name} at ${provider}`,
    }))
  return [
    ...Object.entries(SCENARIOS).flatMap(([name, parts]) =>
      USUAL_PROVIDERS.flatMap((provider) => plansAt(provider, { [name]: parts })),
    ),
    ...plansAt('anthropic', COUNTED),
    ...plansAt('gemini', NAMED),
    ...TAILS.flatMap(([provider, scenarios]) => plansAt(provider, scenarios)),
    ...plansAt('anthropic', PRIMED),
  ]
}

/** An undisturbed run of a scenario, with which every disturbed one is compared. */
export interface Walk {
  readonly plan: Plan
  readonly steps: number
  /** What each step did, such as `send create (POST /openai/v1/batches)`, by its number. */
  readonly names: readonly (string | undefined)[]
  readonly answers: readonly AnswerRow[]
}

/** Walks a scenario once without a crash. Throws where even that is not clean. */
export async function walk(plan: Plan): Promise<Walk> {
  const { answers, steps, trace, violations } = await carryOut(plan)
  if (violations.length > 0) throw new Error(`${plan.name}, undisturbed: ${JSON.stringify(violations)}`)
  return { plan, steps, names: namesOf(trace).slice(0, steps + 1), answers }
}

/** Of steps of one number the last one: those of an earlier run were counted before. */
function namesOf(trace: readonly string[]): readonly (string | undefined)[] {
  const names: string[] = []
  for (const line of trace) {
    const [, step, name] = / ms, step (\d+): (.*)$/.exec(line) ?? []
    if (name !== undefined) names[Number(step)] = name
  }
  return names
}

/** Walks a scenario again and dies in front of one step; the answers must be those of the undisturbed walk. */
export async function dieAt({ answers, plan }: Walk, step: number, kind: CrashKind): Promise<Verdict> {
  const verdict = await carryOut({ ...plan, name: `${plan.name}, ${kind} at step ${step}`, crashes: [{ step, kind }] })
  // When a run is cancelled decides how far it came; the books tell whether it came there honestly.
  const isCut = plan.cancelAfterMs !== null || (plan.deadlineMs !== null && answers.some(isCancelled))
  if (isCut || verdict.violations.length > 0) return verdict
  const differing = answers.filter(
    (answer, row) => !isSame(answer, verdict.answers[row]) && !isInDoubt(plan, [answer, verdict.answers[row]]),
  )
  if (differing.length === 0) return verdict
  const detail = `${differing.length} answers differ from the undisturbed run, such as ${differing[0]?.id}`
  return { ...verdict, violations: [{ metric: 'lost', detail }] }
}

/**
 * True for a row whose synchronous call the crash cut short, and for one that was refused then: where the answer of one call
 * is not known, it is not known either that all are refused. In a tail the crash may decide which call a fault strikes.
 */
function isInDoubt(
  { deadlineMs, faults, hasCanary }: Plan,
  [undisturbed, answer]: readonly [AnswerRow, AnswerRow | undefined],
): boolean {
  if (deadlineMs !== null) return [undisturbed, answer].some((one) => one?.llm_status === 'missing')
  const areCallsRefused = faults.some((rule) => rule.startsWith('direct'))
  return hasCanary && (answer?.llm_status === 'missing' || (areCallsRefused && answer?.llm_status === 'failed'))
}

function isCancelled({ llm_status }: AnswerRow): boolean {
  return llm_status === 'cancelled'
}

function isSame(one: AnswerRow, other: AnswerRow | undefined): boolean {
  return (
    one.id === other?.id && one.llm_status === other.llm_status && isDeepStrictEqual(one.llm_output, other.llm_output)
  )
}
