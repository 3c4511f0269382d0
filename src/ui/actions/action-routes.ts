import type { Context, Hono } from 'hono'
import { isJsonObject, parseJson } from '../../lib/json.ts'
import { LlmBatchError } from '../../model/error.ts'
import { inFlags, mention } from '../../model/options/mention.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { ActionDone, AdoptionDone } from '../contract.ts'
import { json, refusal } from '../http/replies.ts'
import type { UiSurroundings } from '../surroundings.ts'
import type { RunActions } from './run-actions.ts'

/** Does what was wished to a run; the body is checked but for its confirmation. */
type Action = (actions: RunActions, run: RunRecord, body: Body) => Promise<Omit<AdoptionDone, 'run'> | string>

type Body = Readonly<Record<string, unknown>>

const ACTIONS: Readonly<Record<string, { readonly fields: readonly string[]; readonly act: Action }>> = {
  cancel: { fields: [], act: (actions, run) => actions.cancel(run) },
  resume: { fields: [], act: (actions, run) => actions.resume(run) },
  cap: { fields: ['maxCostUsd'], act: (actions, run, body) => actions.cap(run, dollarsIn(body)) },
  adopt: { fields: ['ids'], act: (actions, run, body) => actions.adopt(run, idsIn(body)) },
}

/** The routes that change something; without a wish for actions each says that there are none. */
export function addActionRoutes(app: Hono, surroundings: UiSurroundings): void {
  const { actions } = surroundings
  for (const [name, { act, fields }] of Object.entries(ACTIONS)) {
    app.post(`/api/runs/:run/${name}`, async (context) => {
      if (actions === null) return refusal(NOT_ALLOWED)
      if (!isJsonType(context)) return refusal(NOT_JSON)
      const body = confirmedBody(await context.req.text(), fields)
      const run = await surroundings.runs.find(context.req.param('run'))
      const done = await act(actions, run, body)
      const told = typeof done === 'string' ? { message: done } : done
      return json(await withRun(surroundings, run.id, told))
    })
  }
}

const NOT_ALLOWED = {
  status: 403,
  code: 'not_allowed',
  message: 'this page only shows runs; nothing was done',
  next: inFlags(`Start its server with ${mention('allow-actions')}.`),
}

/** A form of another page cannot send this type without asking first, which is refused. */
const NOT_JSON = { status: 415, code: 'usage', message: 'an action needs the content type application/json' }

function isJsonType(context: Context): boolean {
  return /^application\/json(?:;|$)/i.test(context.req.header('content-type') ?? '')
}

async function withRun<Told extends object>(
  { runs }: UiSurroundings,
  id: string,
  told: Told,
): Promise<Told & Pick<ActionDone, 'run'>> {
  return { ...told, run: await runs.summary(await runs.record(id)) }
}

/** The body of an action that a person has confirmed. Throws `usage` for any other, and nothing was done. */
function confirmedBody(text: string, fields: readonly string[]): Body {
  const body = objectOf(text)
  const unknown = Object.keys(body).find((name) => name !== 'confirm' && !fields.includes(name))
  if (unknown !== undefined) throw refusedBody(`there is no field ${JSON.stringify(unknown.slice(0, 50))}`)
  if (body['confirm'] !== true) throw refusedBody('it was not confirmed')
  return body
}

function objectOf(text: string): Body {
  try {
    const value = parseJson(text)
    if (isJsonObject(value)) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw refusedBody('the body is not a JSON object')
}

function dollarsIn({ maxCostUsd }: Body): number {
  if (typeof maxCostUsd === 'number' && Number.isFinite(maxCostUsd) && maxCostUsd > 0) return maxCostUsd
  throw refusedBody('maxCostUsd must be a number of US dollars above zero')
}

function idsIn({ ids = [] }: Body): readonly string[] {
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids
  throw refusedBody('ids must be a list of ids')
}

function refusedBody(why: string): LlmBatchError {
  return new LlmBatchError('usage', `nothing was done: ${why}`)
}
