import { formatDuration } from '../lib/duration.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import type { BudgetReason, Reason, Undecided } from '../model/reason.ts'
import { clauseOf } from '../model/stop-loss.ts'
import { dollars } from '../prices/dollars.ts'
import { usdOf } from '../prices/micros.ts'

type Of<Kind extends Reason['kind']> = Extract<Reason, { readonly kind: Kind }>

const wordsOf = ({ words }: { readonly words: string }): string => words

/** One sentence for each kind of reason: what holds or delays, with its figures, and what to do next. */
const SENTENCES: { readonly [Kind in Reason['kind']]: (reason: Of<Kind>) => string } = {
  stopped: () => 'stopped before it was finished',
  waiting: () => 'waiting for the provider',
  deadline_came: () => 'its deadline came',
  batch_held: ({ batch, others, why }) =>
    `batch ${batch} is held: ${why === null ? 'unknown reason' : reasonText(why)}${others > 0 ? ` (and ${others} more)` : ''}`,
  stop_loss: ({ batch, code, example, failed, requests }) =>
    `${failed} of the ${requests} rows of batch ${batch} failed with ${code}: ${clauseOf(example)}; nothing more is sent. ` +
    `What failed is unbilled; to send the rest anyway, resume with ${mention('ignoreStopLoss')}`,
  calls_unclear: ({ calls, provider }) =>
    `${provider} did not answer ${calls} rows that were asked directly, which may be billed and are not sent again by themselves; ` +
    `resume asks the others`,
  disk_refused: ({ words }) => `the disk refused: ${words}`,
  work_unlisted: ({ doubt, provider, run }) =>
    `${provider} refuses to list its batches (${doubt}), so whether it has this work already cannot be seen; ` +
    `to send it without looking: ${commandLine('resume', run, mention('again'))}`,
  no_batch_api: ({ baseUrl, defaultBaseUrl, provider, variable, words }) =>
    `there is no batch API below ${baseUrl} (${words}); correct ${variable}, ` +
    `which for ${provider} itself is ${defaultBaseUrl}, and resume: nothing was sent, so the run takes another URL`,
  call_failed: wordsOf,
  provider_said: wordsOf,
  batch_refused: wordsOf,
  account_problem: wordsOf,
  create_unknown: createDoubtText,
  creates_vanished: ({ creates }) => `${creates} creates in a row were not answered and made no batch`,
  same_content: ({ provider, remoteId, run }) =>
    `${provider} has ${remoteId} of the same work; take it over with: ${commandLine('remote', 'adopt', run)}`,
  work_unseen: ({ doubt }) => `whether the same work was sent by another home could not be looked up: ${doubt}`,
  request_too_large: () => 'the provider refuses this single request as too large',
  queue_full: ({ words }) => `waiting for quota: ${words}`,
  same_count: ({ words }) => `waiting for another create: ${words}`,
  queue_stuck: ({ model, provider, refusals, words }) =>
    `${provider} has refused ${refusals} batches for ${model} in a row, although no batch of this home ` +
    `is in its queue. If no other program of your organization fills it, write to ${provider}'s support: "Batches ` +
    `for ${model} fail with the message below while we have no batch in progress. Please look at our count of enqueued ` +
    `tokens." Its words: ${words}`,
  over_budget: budgetText,
  over_day_budget: budgetText,
  price_unknown: ({ calls, cap, what }) =>
    `a cap cannot be kept: ${
      calls === null
        ? `the price of ${what} is unknown; give it in the configuration under prices`
        : `earlier calls (${calls}) were paid at a price that was unknown; ${CAPS[cap].afterUnknown}`
    }`,
  lost_at_provider: ({ provider, remoteId }) =>
    `${provider} no longer knows batch ${remoteId}, which it accepted before; to settle its rows as missing: ` +
    `${commandLine('cancel')}, then ${commandLine('retry', mention('status', 'missing'))} buys them again`,
  results_gone: ({ words }) =>
    `its result files cannot be found (${words}); to settle its rows as missing: ${commandLine('cancel')}`,
  results_too_large: ({ provider, words }) =>
    `${words}; its answers stay at ${provider}; limits.maxResultBytes in the configuration grants more`,
  no_results: ({ provider }) => `${provider} reports the batch as completed but names no result file`,
  fetched_again: ({ missing }) => `${missing} requests were in neither result file; fetching both once more`,
  refused_repeatedly: ({ tries }) => `the provider refused this batch ${tries} times`,
  canary_refused: ({ asked, code, example, failed, refused }) =>
    `${refused} of the ${asked} rows that were asked directly beforehand were refused, ` +
    `${failed} with ${code}: ${clauseOf(example)}; nothing was bought in batches. ` +
    `With other parameters it is another run. Resume asks the same again; ${mention('canary')} sends all rows without asking`,
  canary_unusable: ({ asked, counts }) => {
    const words = Object.entries(counts).map(([word, count]) => `${count} ${word}`)
    const cut = 'truncated' in counts ? `, such as more ${mention('maxTokens')},` : ''
    return (
      `none of the ${asked} rows that were asked directly beforehand has a usable answer (${words.join(', ')}); nothing was ` +
      `bought in batches. With other parameters${cut} or another prompt it is another run. Resume sends the other rows as they are`
    )
  },
  unexpected_error: wordsOf,
}

/** A reason in words, its options as mentions. */
export function reasonText<Kind extends Reason['kind']>(reason: Of<Kind>): string {
  const sentence: (reason: Of<Kind>) => string = SENTENCES[reason.kind]
  return sentence(reason)
}

const CREATE_UNKNOWN = 'whether the batch was created is unknown'

function createDoubtText(doubt: Of<'create_unknown'>): string {
  switch (doubt.found) {
    case 'unanswered':
      return `the create was not answered clearly (${doubt.words})`
    case 'interrupted':
      return 'the program stopped while the batch was being created'
    case 'listing_inconclusive':
      return `${CREATE_UNKNOWN}; the listing was not conclusive: ${doubt.doubt}`
    case 'listing_of_another_account':
      return `${CREATE_UNKNOWN}; our own uploaded file is not visible, so the listing may be of another account`
    case 'not_listed':
      return `${CREATE_UNKNOWN}; not in the list of the provider yet; next look in ${formatDuration(doubt.waitMs)}`
    case 'likely':
      return `${CREATE_UNKNOWN}; ${doubt.remoteIds.join(', ')} has as many requests and was made at that time: its results will tell whose it is, once it has ended`
    case 'repeated':
      return `${CREATE_UNKNOWN}; asked again with the same key (${doubt.words})`
    case 'listing_refused':
      return `whether it was created cannot be seen, because ${doubt.provider} refuses to list its batches (${doubt.doubt})`
    case 'undecidable':
      return undecidable(doubt)
    default:
      return doubt satisfies never
  }
}

/** What a person must know to decide: why we cannot, and what either mistake would cost. */
function undecidable(doubt: Extract<Of<'create_unknown'>, { readonly found: 'undecidable' }>): string {
  const { cost, isCancelling, requests } = doubt
  const why = undecidedText(doubt.why)
  const giveUp = `resume with ${mention('onUnknownCreate', 'give-up')}`
  const choice = isCancelling
    ? `if it does exist, its ${requests} requests cost ${cost} and their answers would be lost; to give them up: ${giveUp}`
    : `sending its ${requests} requests again costs ${cost} twice if it does exist; to do so: resume with ` +
      `${mention('onUnknownCreate', 'resend')}; to count them as missing: ${giveUp}`
  return `whether it was created cannot be decided: ${why}; ${choice}`
}

function undecidedText(why: Undecided): string {
  switch (why.is) {
    case 'unfenced':
      return 'it is not listed, and its input file could not be deleted'
    case 'without_input':
      return 'it is not listed, and there is no input file that could be deleted to stop it'
    case 'unstoppable':
      return `it is not listed, and nothing is known to stop a late create at ${why.provider}`
    case 'key_forgotten':
      return `${why.provider} may have forgotten the key of the create`
    case 'unmarked': {
      const noMark = `${why.provider} keeps no mark on its batches that llm-batch could know them by`
      if (why.mute.length === 0) return `${noMark}, and lists none of as many requests that was made at that time`
      return `${noMark}, and ${why.mute.join(', ')}, which may be it, has ended without an answer that tells`
    }
    default:
      return why satisfies never
  }
}

interface CapWords {
  readonly cap: (amount: string) => string
  readonly next: (needed: string) => string
  /** What can be done where earlier calls were paid at an unknown price. */
  readonly afterUnknown: string
}

const CAPS: Readonly<Record<'over_budget' | 'over_day_budget', CapWords>> = {
  over_budget: {
    cap: (amount) => `the cap of ${amount}`,
    next: (needed) => `this batch fits under a cap of $${needed}: resume with ${mention('maxCost', needed)}`,
    afterUnknown: 'go on without a cap, or send the rest as another run',
  },
  over_day_budget: {
    cap: (amount) => `the ${amount} of today (UTC) for all runs`,
    next: (needed) => `it fits tomorrow, or with budget.perDayUsd of at least ${needed}`,
    afterUnknown: 'go on tomorrow, or without budget.perDayUsd',
  },
}

function budgetText(reason: Exclude<BudgetReason, { readonly kind: 'price_unknown' }>): string {
  const { cap, kind, mayFitLater, micros, reserved, settled, what } = reason
  const amount = (value: number): string => dollars(usdOf(value))
  const waits = mayFitLater ? 'waiting for budget, until batches in flight tell what they cost: ' : ''
  return (
    `${waits}${what} may cost ${amount(micros)}; of ${CAPS[kind].cap(amount(cap))}, ${amount(settled)} is spent and ` +
    `${amount(reserved)} set aside; ${CAPS[kind].next(centsAbove(settled + reserved + micros))}`
  )
}

/** The next whole cent, as the option takes it. */
function centsAbove(micros: number): string {
  return (Math.ceil(micros / 10_000) / 100).toFixed(2)
}
