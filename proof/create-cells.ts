import { MARKED_PROVIDERS, type Plan, type PlannedNetworkFault, promptsOf, UNDISTURBED } from './plan.ts'
import { SETTLE_MS } from './world/world.ts'

/** How late a create arrives that is answered by something in between, in milliseconds; never where nothing is created. */
const DELAYS: Readonly<Record<string, number>> = {
  'not created': Number.POSITIVE_INFINITY,
  'created within the wait': 1_500,
  'created just before the second listing': SETTLE_MS - 100,
  'created after the second listing': SETTLE_MS + 700,
  'created long after': 60_000,
}

/** Answers that hold whether or not a batch was made; each in the words of the fault rules. */
const ANSWERS: readonly string[] = [
  'status(408)',
  'status(409)',
  'status(429)',
  'status(500)',
  'status(502)',
  'status(503)',
  'status(504)',
  'html(400)',
  'html(403)',
  'html(404)',
  'html(413)',
  'html(502)',
  'redirect',
  'reset',
  'hang',
]

/** Answers with status 200 that cannot be read as a batch of ours. */
const STRANGE: readonly string[] = ['half-json', 'empty-answer', 'html-answer', 'other-object', 'no-id', 'wrapped']

/** Refusals in the API's own words: they prove that nothing was created (crash-safety, section 2, rule 2). */
const REFUSALS: readonly string[] = [
  'status(400)',
  'status(401)',
  'status(403)',
  'status(404)',
  'status(413)',
  'status(422)',
]

/** What the later calls see. */
const LISTINGS: Readonly<Record<string, readonly string[]>> = {
  'listed at once': [],
  'listed late': [`list=lag(${SETTLE_MS - 500})`],
}

const LOOKS: Readonly<Record<string, readonly string[]>> = {
  'get works': [],
  'get is 404 for a while': ['get:1-4=status(404)'],
}

/**
 * The create enumerated, not sampled: what it brings about × how it is answered × when it is listed × whether it can be
 * looked at, at the providers whose batches carry a mark, and the first two where they carry none. Left out is only what
 * contradicts itself: a true answer without a batch, a refusal in the API's own words (4xx, and 429 for a call that is still
 * on its way) with one, a connection that was never made with one.
 */
export function createCells(): readonly Plan[] {
  const plans: Plan[] = []
  for (const provider of MARKED_PROVIDERS) {
    for (const { answer, effect, network, rules } of effectsAndAnswers()) {
      for (const [listing, listRules] of Object.entries(LISTINGS)) {
        for (const [look, lookRules] of Object.entries(LOOKS)) {
          plans.push({
            ...UNDISTURBED,
            name: `${effect}, answered ${answer}, ${listing}, ${look}, at ${provider}`,
            provider,
            prompts: promptsOf(4),
            faults: [...rules, ...listRules, ...lookRules],
            network,
          })
        }
      }
    }
  }
  return [...plans, ...countedCells()]
}

/**
 * The same at a provider whose batches carry no mark, alone in its account and beside a batch of another user that is like
 * ours in its number of requests and its time.
 */
function countedCells(): readonly Plan[] {
  const prompts = promptsOf(4)
  const twins = { alone: null, 'beside a like batch': prompts.length }
  return effectsAndAnswers().flatMap(({ answer, effect, network, rules }) =>
    Object.entries(twins).map(([company, twin]) => ({
      ...UNDISTURBED,
      name: `${effect}, answered ${answer}, ${company}, at anthropic`,
      provider: 'anthropic' as const,
      prompts,
      faults: rules,
      network,
      twin,
      // Long enough that a like batch is still at work when it is looked for.
      durations: { runMs: 1_500 },
    })),
  )
}

/** One way a create may go. */
interface Course {
  readonly effect: string
  readonly answer: string
  readonly rules: readonly string[]
  readonly network: readonly PlannedNetworkFault[]
}

function effectsAndAnswers(): readonly Course[] {
  const byProvider = (effect: string, answer: string, rules: readonly string[]): Course => ({
    effect,
    answer,
    rules,
    network: [],
  })
  const create = { call: 'create', number: 1 } as const
  const refused: PlannedNetworkFault = { ...create, fault: 'refused', lateMs: 0, answer: null }
  return [
    byProvider('created at once', 'truly', []),
    { effect: 'not created', answer: 'refused connection', rules: [], network: [refused] },
    ...REFUSALS.map((answer) => byProvider('not created', answer, [`create:1=${answer}`])),
    ...STRANGE.map((answer) => byProvider('created at once', answer, [`create:1=${answer}`])),
    ...ANSWERS.map((answer) => byProvider('created at once', answer, [`create:1=${afterwards(answer)}`])),
    // In between stands something that answers by itself, and lets the call through later or never.
    ...Object.entries(DELAYS).flatMap(([effect, lateMs]) =>
      answersOnTheWay(effect).map((answer) => ({
        effect,
        answer,
        rules: [],
        network: [{ ...create, fault: 'arrives late', lateMs, answer } as const],
      })),
    ),
  ]
}

/** A 429 proves that the call was not accepted: only then is it left out where the call arrives late. */
function answersOnTheWay(effect: string): readonly string[] {
  const answers = effect === 'not created' ? ANSWERS : ANSWERS.filter((answer) => answer !== 'status(429)')
  return [...answers, ...STRANGE]
}

/** The same answer, given after the batch was made. */
function afterwards(answer: string): string {
  return answer === 'redirect' ? 'accept-then-status(307)' : `accept-then-${answer}`
}
