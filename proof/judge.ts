import { RUN_MOVES } from '../src/model/run.ts'
import { runFolder, statePath } from '../src/store/run-folder.ts'
import { type BatchBooks, type ChatBody, parse, readBooks, readDirectBooks, realBytes, textOf } from './books.ts'
import { CANARY_PROMPT, CANARY_ROWS, nonceOf, type Plan } from './plan.ts'
import { ANSWERS, type Start, type Story } from './type-until-over.ts'
import { CANARY_KEY, HOME, STRAY_KEY, type World } from './world/world.ts'

/** What is counted, and must be zero (crash-safety, section 4). */
export const METRICS = [
  'billed twice',
  'over the cap',
  'double create',
  'silent provider duplicate',
  'orphan spend',
  'lost',
  'wrong join',
  'altered',
  'dishonest exit',
  'stuck',
  'leak',
] as const

export type Metric = (typeof METRICS)[number]

export interface Violation {
  readonly metric: Metric
  readonly detail: string
}

/** One line of the answers file. */
export interface AnswerRow {
  readonly id: string
  readonly text: string
  readonly llm_status: string
  readonly llm_output: unknown
}

/** The end of a run as it lies before the judge. */
interface Evidence {
  readonly world: World
  readonly plan: Plan
  readonly story: Story
  readonly books: readonly BatchBooks[]
  /** Rows that were executed in synchronous calls, each time. */
  readonly direct: readonly string[]
  readonly answers: readonly AnswerRow[]
}

/** Judges a run from the provider's books, the final files and what was said; never from what the client believes. */
export async function judge(world: World, plan: Plan, story: Story): Promise<readonly Violation[]> {
  const books = await readBooks(world, ownIdsOf(story))
  const direct = (await readDirectBooks(world)).map(({ nonce }) => nonce)
  const evidence = { world, plan, story, books, direct, answers: readAnswers(world) }
  return [
    ...billedTwice(evidence),
    ...overTheCap(evidence),
    ...doubleCreates(evidence),
    ...silentDuplicates(evidence),
    ...orphans(evidence),
    ...lost(evidence),
    ...wrongJoins(evidence),
    ...altered(evidence),
    ...dishonest(evidence),
    ...stuck(evidence),
    ...leaks(evidence),
  ]
}

/** The lines of the answers file; none where it does not exist. */
export function readAnswers(world: World): readonly AnswerRow[] {
  const file = [...world.disk.files()].find(([path]) => path === ANSWERS)
  if (!file) return []
  const lines = Buffer.from(file[1]).toString().split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as AnswerRow)
}

/**
 * Under default settings no repeat is permitted, and one for each invalid answer where the run asks again. A gateway's
 * copy of our one POST is the provider's, and counted apart.
 */
function billedTwice({ books, direct, plan }: Evidence): readonly Violation[] {
  const times = new Map<string, number>()
  const invalid = new Map<string, number>()
  const count = (counts: Map<string, number>, nonce: string): void =>
    void counts.set(nonce, (counts.get(nonce) ?? 0) + 1)
  for (const { answers, billed, isExtra } of books) {
    if (isExtra) continue
    for (const nonce of billed) count(times, nonce)
    for (const [nonce, text] of answers) if (isInvalid(text)) count(invalid, nonce)
  }
  for (const nonce of direct) count(times, nonce)
  const again = [...times].filter(([nonce, number]) => number > 1 + Math.min(plan.reasks ?? 0, invalid.get(nonce) ?? 0))
  return again.length === 0 ? [] : [violation('billed twice', `${again.length} rows, such as ${again[0]?.[0]}`)]
}

/** True for a text that no schema fits. */
function isInvalid(text: string | null): boolean {
  return text !== null && !/^(?:```json\s*)?\{.*\}/s.test(text)
}

/** What was booked while a cap was in force, with every answer limited. */
function overTheCap({ story }: Evidence): readonly Violation[] {
  return story.caps
    .filter(({ billedUsd, capUsd }) => billedUsd > capUsd)
    .map(({ billedUsd, capUsd }) => violation('over the cap', `$${billedUsd} of $${capUsd}`))
}

function doubleCreates({ books, plan }: Evidence): readonly Violation[] {
  const ours = books.filter(({ batch, isExtra }) => !isExtra && batch.phase !== 'failed')
  const found: Violation[] = []
  for (const [place, one] of ours.entries()) {
    for (const other of ours.slice(place + 1)) {
      const mayAskAgain = (nonce: string): boolean => plan.reasks !== null && isInvalid(one.answers.get(nonce) ?? null)
      const shared = one.rows.filter((nonce) => other.rows.includes(nonce) && !mayAskAgain(nonce))
      const areAlive = other.batch.createdAtMs < one.endedAtMs && one.batch.createdAtMs < other.endedAtMs
      const wasPaid = shared.some((nonce) => one.billed.includes(nonce))
      if (shared.length === 0 || (!areAlive && !wasPaid)) continue
      found.push(violation('double create', `${one.batch.id} and ${other.batch.id} share ${shared.length} rows`))
    }
  }
  return found
}

/** The client looks once for doubles, as decided; where listings are late, that look may come too early to show one. */
function silentDuplicates({ books, plan, story }: Evidence): readonly Violation[] {
  const told = new Set(story.report?.incidents.flatMap(({ remoteIds }) => remoteIds))
  const isListingLate = plan.faults.some((rule) => /=(?:lag|late)/.test(rule))
  if (isListingLate) return []
  return books
    .filter(({ batch, isExtra }) => isExtra && !told.has(batch.id))
    .map(({ batch }) => violation('silent provider duplicate', batch.id))
}

/** The batches that the client calls its own in its final report. */
function ownIdsOf({ report }: Story): ReadonlySet<string> {
  return new Set(report?.attempts.flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId])))
}

function orphans({ books, story }: Evidence): readonly Violation[] {
  const { report } = story
  const named = new Set([
    ...(report?.attempts.map(({ remoteId }) => remoteId) ?? []),
    ...(report?.incidents.flatMap(({ remoteIds }) => remoteIds) ?? []),
  ])
  return books
    .filter(({ batch, billed, isExtra }) => billed.length > 0 && !isExtra && !named.has(batch.id))
    .map(({ batch, billed }) => violation('orphan spend', `${batch.id} billed ${billed.length} rows`))
}

/** Statuses of rows whose answer was received, whether it can be used or not; an answer without text may be a failure. */
const ANSWERED: readonly string[] = ['succeeded', 'truncated', 'refused', 'invalid']
const ANSWERED_WITHOUT_TEXT: readonly string[] = [...ANSWERED, 'failed']

function lost({ answers, books, plan }: Evidence): readonly Violation[] {
  const found: Violation[] = []
  const ids = answers.map(({ id }) => id)
  const wanted = plan.prompts.map((_, row) => nonceOf(row))
  if (ids.join() !== wanted.join())
    found.push(violation('lost', `${ids.length} of ${wanted.length} rows have a record`))
  const byId = new Map(answers.map((answer) => [answer.id, answer]))
  for (const { answers: offered, batch, isExtra } of books) {
    if (isExtra) continue
    const gone = [...offered].filter(([nonce, text]) => {
      return !(text ? ANSWERED : ANSWERED_WITHOUT_TEXT).includes(byId.get(nonce)?.llm_status ?? '')
    })
    if (gone.length > 0) found.push(violation('lost', `${gone.length} answers of ${batch.id}, such as ${gone[0]?.[0]}`))
  }
  // A call whose answer was lost, or whose caller died, is in doubt, and its row is never sent again by itself.
  const called = plan.hasCanary ? wanted.slice(0, CANARY_ROWS) : []
  const denied = answers.filter(
    ({ id, llm_status }) =>
      llm_status === 'missing' && !called.includes(id) && lastBatchesOf(id, books).every(({ told }) => told.has(id)),
  )
  if (denied.length > 0)
    found.push(violation('lost', `${denied.length} rows said to be missing, such as ${denied[0]?.id}`))
  return found
}

/** The batch in which a row was asked the last time; two where a gateway doubled it, and either may have been taken. */
function lastBatchesOf(id: string, books: readonly BatchBooks[]): readonly BatchBooks[] {
  const held = books.filter(({ batch, rows }) => batch.phase !== 'failed' && rows.includes(id))
  const latest = Math.max(...held.map(({ batch }) => batch.createdAtMs))
  return held.filter(({ batch }) => batch.createdAtMs === latest)
}

function wrongJoins({ answers, books, plan, world }: Evidence): readonly Violation[] {
  const offered = new Map([...directTexts(world), ...books.flatMap((one) => [...one.answers])])
  const wrong = answers.filter(({ id, llm_output, llm_status, text: prompt }, row) => {
    if (prompt !== plan.prompts[row]) return true
    if (llm_output === null) return llm_status === 'succeeded'
    const text = offered.get(id)
    return text === undefined || (text !== null && !isSameAnswer(llm_output, text))
  })
  return wrong.length === 0 ? [] : [violation('wrong join', `${wrong.length} rows, such as ${wrong[0]?.id}`)]
}

/** A value that was read out of the text stands for it. */
function isSameAnswer(output: unknown, text: string): boolean {
  return typeof output === 'string' ? output === text : text.includes(JSON.stringify(output))
}

/** Texts of answers to synchronous calls, by row. */
function directTexts({ directAnswers }: World): readonly (readonly [string, string | null])[] {
  return directAnswers.flatMap(({ body, nonce }) => {
    const answer = parse(body) as ChatBody | undefined
    return answer ? [[nonce, textOf(answer)] as const] : []
  })
}

/**
 * Every raw result file in the home is one that the provider sent, byte for byte; of synchronous calls every line is made
 * around an answer as it came, or around a refusal.
 */
function altered({ story, world }: Evidence): readonly Violation[] {
  const id = story.report?.run.id
  if (id === undefined) return []
  const folder = runFolder(HOME, id).results
  const sent = new Set([...world.downloads.values()].flat().map((bytes) => Buffer.from(bytes).toString('latin1')))
  return [...world.disk.files()]
    .filter(([path]) => path.startsWith(`${folder}/`) && path.endsWith('.jsonl'))
    .filter(([path, bytes]) =>
      isDirect(path, story)
        ? !isMadeOfAnswers(Buffer.from(bytes).toString(), world)
        : !sent.has(Buffer.from(bytes).toString('latin1')),
    )
    .map(([path]) => violation('altered', path))
}

function isDirect(path: string, { report }: Story): boolean {
  const names = report?.attempts.filter(({ kind }) => kind === 'direct').map(({ key }) => `/${key}-`) ?? []
  return names.some((name) => path.includes(name))
}

function isMadeOfAnswers(lines: string, { directAnswers }: World): boolean {
  return lines
    .split('\n')
    .filter((line) => line.includes('"status_code":200'))
    .every((line) => directAnswers.some(({ body }) => body !== '' && line.includes(body.trim())))
}

function dishonest({ answers, story }: Evidence): readonly Violation[] {
  const bad = story.starts.flatMap((start) => dishonestyOf(start))
  const last = story.starts.at(-1)
  const failed = answers.filter(({ llm_status }) => llm_status !== 'succeeded').length
  if (last?.exitCode === 0 && failed > 0) bad.push(`exit 0 with ${failed} rows that did not succeed`)
  if (last?.exitCode === 4 && failed === 0) bad.push('exit 4 although every row succeeded')
  if (answers.some(({ llm_status }) => llm_status === 'pending')) bad.push('finished with pending rows')
  return bad.map((detail) => violation('dishonest exit', detail))
}

function dishonestyOf({ exitCode, message, report }: Start): string[] {
  if (exitCode === null) return []
  if (exitCode === 1 || exitCode === 2) return [`exit ${exitCode}: ${message}`]
  const isUnexplained = (exitCode === 3 || exitCode === 75) && (message === null || message === '')
  const isFinal = report !== null && RUN_MOVES[report.run.state].length <= 1 && report.run.finishedAt !== null
  const isUnfinished = isFinal && report.counts.pending + report.counts.batched > 0
  return [
    ...(isUnexplained ? [`exit ${exitCode} without a reason`] : []),
    ...(isUnfinished ? [`${report.run.state} with requests that have no outcome`] : []),
  ]
}

/** Looks at one batch within the shortest poll interval; more is a busy loop. */
const MOST_LOOKS_A_SECOND = 12

function stuck({ story, world }: Evidence): readonly Violation[] {
  const found = story.stuck === null ? [] : [violation('stuck', story.stuck)]
  const looks = world.trace.filter((line) => /GET .*\/(?:batches|jobs)\/[^/]+ came/.test(line)).length
  const batches = Math.max(1, world.provider.simulator.state.batches.values.length)
  const most = (MOST_LOOKS_A_SECOND * world.time.elapsed * batches) / 1_000 + 50
  return looks > most ? [...found, violation('stuck', `${looks} looks in ${world.time.elapsed} ms`)] : found
}

/** The key nowhere; the secret prompt only where prompts and answers belong. */
function leaks({ story, world }: Evidence): readonly Violation[] {
  const said = JSON.stringify([story.events, story.starts])
  const remote = JSON.stringify(
    [...world.provider.simulator.state.batches.values()]
      .map(({ metadata }) => metadata)
      .concat([...world.provider.simulator.state.files.values()].map(({ name }) => ({ name }))),
  )
  const state = Buffer.concat(
    ['', '-wal'].map((ending) => realBytes(world.disk.real(statePath(HOME)) + ending)),
  ).toString('latin1')
  const places: [string, string][] = [
    ['output and events', said],
    ['remote metadata and names', remote],
    ['state.db', state],
  ]
  for (const [path, bytes] of world.disk.files()) {
    const text = Buffer.from(bytes).toString('latin1')
    if (text.includes(CANARY_KEY) || text.includes(STRAY_KEY)) places.push([path, text])
    else if (/\/log\.jsonl$|\.run\.json$/.test(path)) places.push([path, text])
  }
  return places
    .filter(([, text]) => [CANARY_KEY, STRAY_KEY, CANARY_PROMPT].some((secret) => text.includes(secret)))
    .map(([place]) => violation('leak', place))
}

function violation(metric: Metric, detail: string): Violation {
  return { metric, detail }
}
