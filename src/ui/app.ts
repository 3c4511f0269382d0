import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { LlmBatchError } from '../model/error.ts'
import { VERSION } from '../version.ts'
import { preparedRuns } from '../workspace/find-run.ts'
import { workersAtWork } from '../workspace/workers-at-work.ts'
import { addActionRoutes } from './actions/action-routes.ts'
import type { CompareAnswer, RunList, Session } from './contract.ts'
import { guard, guardHeaders } from './http/guard.ts'
import { cursorOf, readNumber } from './http/parameters.ts'
import { json, refusal, text, thrownError } from './http/replies.ts'
import { eventStream } from './live/event-stream.ts'
import { remoteAnswer } from './remote-answer.ts'
import { rowDetail, rowText } from './rows/row-detail.ts'
import { rowPage } from './rows/row-page.ts'
import { valuePage } from './rows/value-page.ts'
import { batchPage } from './runs/batches.ts'
import { detailOf } from './runs/detail.ts'
import { eventPage } from './runs/events.ts'
import type { UiSurroundings } from './surroundings.ts'

/** Bodies of actions are a few words. */
const MOST_BODY_BYTES = 64 * 1_024

const USUAL_RUNS = 100
const MOST_RUNS = 200

/** Everything that the page's server answers, as one hono application; another server of the same process may mount it. */
export function buildUiApp(surroundings: UiSurroundings): Hono {
  const app = new Hono()
  app.use(guardHeaders())
  app.use(guard(surroundings.access))
  app.use(bodyLimit({ maxSize: MOST_BODY_BYTES, onError: () => refusal(TOO_LARGE) }))
  addHomeRoutes(app, surroundings)
  addRunRoutes(app, surroundings)
  addActionRoutes(app, surroundings)
  app.all('*', (context) => pageFile(context, surroundings))
  app.onError((error) => thrownError(error, surroundings.onTrouble))
  return app
}

const TOO_LARGE = { status: 413, code: 'too_large', message: `the body is longer than ${MOST_BODY_BYTES} bytes` }

function addHomeRoutes(app: Hono, surroundings: UiSurroundings): void {
  app.get('/api/session', () => json(sessionOf(surroundings)))
  app.get('/api/runs', async (context) => json(await runList(surroundings, context)))
  app.get('/api/live', () => eventStream(surroundings))
  app.get('/api/compare', async (context) => json(await comparison(surroundings, context)))
  app.get('/api/remote', async (context) => json(await remoteAnswer(surroundings, context.req.query())))
}

function addRunRoutes(app: Hono, surroundings: UiSurroundings): void {
  const { runs } = surroundings
  const runOf = async (context: Context) => await runs.find(context.req.param('run') ?? '')
  app.get('/api/runs/:run', async (context) => json(await detailOf(surroundings, await runOf(context))))
  app.get('/api/runs/:run/batches', async (context) =>
    json(await batchPage(surroundings, await runOf(context), context.req.query())),
  )
  app.get('/api/runs/:run/events', async (context) =>
    json(await eventPage(surroundings, await runOf(context), context.req.query())),
  )
  app.get('/api/runs/:run/values', async (context) =>
    json(await valuePage(surroundings, await runOf(context), parametersOf(context))),
  )
  app.get('/api/runs/:run/rows', async (context) =>
    json(await rowPage(surroundings, await runOf(context), parametersOf(context))),
  )
  app.get('/api/runs/:run/rows/:row', async (context) =>
    json(await rowDetail(surroundings, await runOf(context), rowNumber(context))),
  )
  app.get('/api/runs/:run/rows/:row/text', async (context) => {
    const part = context.req.query('part') ?? ''
    const whole = await rowText(surroundings, await runOf(context), rowNumber(context), part)
    if (whole === null) return refusal({ status: 404, code: 'not_found', message: `the row has no ${part}` })
    return text(whole, 'text/plain; charset=utf-8')
  })
}

function parametersOf(context: Context): URLSearchParams {
  return new URL(context.req.url).searchParams
}

function rowNumber(context: Context): number {
  return readNumber(context.req.param('row'), 'the number of a row', 0)
}

function sessionOf({ actions, home }: UiSurroundings): Session {
  const place = home.home
  return {
    version: VERSION,
    home: place.kind === 'folder' ? place.path : place.shown,
    areActionsAllowed: actions !== null,
    now: home.clock.now(),
  }
}

async function runList({ home, runs }: UiSurroundings, context: Context): Promise<RunList> {
  const all = await preparedRuns(home.store)
  const from = readNumber(context.req.query('cursor'), 'cursor', 0)
  const limit = Math.min(readNumber(context.req.query('limit'), 'limit', USUAL_RUNS), MOST_RUNS)
  const page = all.slice(from, from + limit)
  const workers = await workersAtWork(home)
  return {
    runs: await Promise.all(page.map((run) => runs.summary(run, workers.length > 0))),
    total: all.length,
    next: cursorOf(from + page.length, all.length),
    workers: workers.map(({ place, seenAt, startedAt }) => ({ place, seenAt, startedAt })),
  }
}

const USUAL_DIFFERENCES = 50
const MOST_DIFFERENCES = 200

async function comparison({ comparisons, runs }: UiSurroundings, { req }: Context): Promise<CompareAnswer> {
  const [a = '', b = ''] = [req.query('a'), req.query('b')]
  const pair = [await runs.find(a), await runs.find(b)] as const
  if (pair[0].id === pair[1].id) {
    throw new LlmBatchError('usage', 'the same run is named twice', { next: 'Choose two runs.' })
  }
  // A path may be written as for conditions, with `output` before it.
  const path = req
    .query('field')
    ?.split('.')
    .filter((key, place) => key !== '' && (place > 0 || key !== 'output'))
  return await comparisons.answer({
    runs: pair,
    by: req.query('by') || undefined,
    gold: req.query('gold') || undefined,
    field: path === undefined || path.length === 0 ? null : path,
    ignoresCase: req.query('ignoreCase') === '1',
    mostShown: Math.min(readNumber(req.query('limit'), 'limit', USUAL_DIFFERENCES), MOST_DIFFERENCES),
  })
}

function pageFile({ req }: Context, { page }: UiSurroundings): Response {
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  const answer = isRead && !req.path.startsWith('/api/') ? page.answer(req.path) : undefined
  return answer ?? refusal({ status: 404, code: 'not_found', message: `there is nothing at ${req.method} ${req.path}` })
}
