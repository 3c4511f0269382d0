import { EventEmitter } from 'node:events'
import type { AnswerDefinition } from '../model/answer.ts'
import type { EndpointChoice } from '../model/endpoint.ts'
import type { RunEvent } from '../model/event.ts'
import { inProperties } from '../model/options/mention.ts'
import { takeOpenRun } from '../prepare/open-run.ts'
import { takeNewRun, takeRun } from '../prepare/start.ts'
import { findRun } from '../workspace/find-run.ts'
import { RunHandle } from './handle.ts'
import { checkOpenOptions, checkOpenRunOptions, checkStartOptions } from './library-checks.ts'
import { libraryJob } from './library-job.ts'
import {
  type AnswerOptions,
  answerDefinition,
  type OpenRunOptions,
  outputPlan,
  type PlaceOptions,
  type StartRunOptions,
  sourceOf,
} from './library-options.ts'
import type { AnswerOf, AnswerSchema, AnyRow, OutputBy } from './library-result.ts'
import { Run } from './library-run.ts'
import { openPlace } from './open-place.ts'
import { toldEvent } from './told.ts'

/**
 * Makes a run from rows and a prompt, frozen and planned but not yet sent; `finished()` sends it. The same content twice
 * is one run: an unfinished one is gone on with, a finished one throws `already_finished` unless `again` is set. Throws
 * before anything is sent when the input, the key or the options are wrong.
 */
export async function startRun<
  const Schema extends AnswerSchema | undefined = undefined,
  Endpoint extends EndpointChoice = 'chat',
>(
  options: StartRunOptions<AnyRow, Schema> & { readonly input: string; readonly endpoint?: Endpoint | undefined },
): Promise<Run<AnyRow, OutputBy<Schema, Endpoint, AnyRow, undefined>>>
export async function startRun<
  Row extends object,
  const Schema extends AnswerSchema | undefined = undefined,
  Endpoint extends EndpointChoice = 'chat',
  Column extends string | undefined = undefined,
>(
  options: StartRunOptions<Row, Schema> & {
    readonly endpoint?: Endpoint | undefined
    readonly textColumn?: Column
  },
): Promise<Run<Row, OutputBy<Schema, Endpoint, Row, Column>>>
export async function startRun<Row extends object, Schema extends AnswerSchema | undefined>(
  options: StartRunOptions<Row, Schema>,
): Promise<Run<Row, unknown>> {
  checkStartOptions(options)
  const { delimiter, encoding, input, inputFormat: format, schema } = options
  const answer = await answerDefinition(options)
  const workspace = await openPlace(options)
  const emitter = new EventEmitter<{ event: [RunEvent] }>()
  const early: RunEvent[] = []
  try {
    const taken = await takeNewRun(
      workspace,
      {
        ...options,
        ...askedOf(options, answer),
        input: { source: sourceOf(input), format, delimiter, encoding },
        job: libraryJob({ ...options, schema: answer?.schema, schemaName: answer?.name }),
      },
      (happening) => early.push(toldEvent(happening, inProperties)),
    )
    const handle = new RunHandle(workspace, taken, emitter)
    return new Run<Row, unknown>(workspace, handle, emitter, {
      again: options.again,
      early,
      forceModel: options.forceModel,
      schema,
    })
  } catch (error) {
    await workspace.close()
    throw error
  }
}

/**
 * Makes a run that rows are appended to with `appendRows`, until `seal`; or takes up the one of this name, sealed or not, so
 * that a program may simply be started again. Nothing is sent yet. Throws `name_taken` where a run of that name asks
 * otherwise.
 */
export async function startOpenRun<
  Row extends object = AnyRow,
  const Schema extends AnswerSchema | undefined = undefined,
  Endpoint extends EndpointChoice = 'chat',
  Column extends string | undefined = undefined,
>(
  options: OpenRunOptions<Row, Schema> & {
    readonly endpoint?: Endpoint | undefined
    readonly textColumn?: Column
  },
): Promise<Run<Row, OutputBy<Schema, Endpoint, Row, Column>>>
export async function startOpenRun<Row extends object, Schema extends AnswerSchema | undefined>(
  options: OpenRunOptions<Row, Schema>,
): Promise<Run<Row, unknown>> {
  checkOpenRunOptions(options)
  const answer = await answerDefinition(options)
  const workspace = await openPlace(options)
  try {
    const taken = await takeOpenRun(workspace, { ...options, ...askedOf(options, answer) })
    const emitter = new EventEmitter<{ event: [RunEvent] }>()
    return new Run<Row, unknown>(workspace, new RunHandle(workspace, taken, emitter), emitter, {
      forceModel: options.forceModel,
      schema: options.schema,
    })
  } catch (error) {
    await workspace.close()
    throw error
  }
}

/** What is asked of each row, as the stages take it. */
function askedOf<Row extends object>(
  {
    budget,
    output,
    prompt,
    reask,
  }: Pick<StartRunOptions<Row, AnswerSchema | undefined>, 'budget' | 'output' | 'prompt' | 'reask'>,
  answer: AnswerDefinition | undefined,
) {
  return {
    answer,
    maxReasks: reask,
    maxCostUsd: budget?.maxCostUsd,
    prompt: typeof prompt === 'string' ? prompt : undefined,
    // The rows of this run are of the caller's own type; the stages know them as records.
    promptFunction: typeof prompt === 'function' ? (row: object) => prompt(row as Row) : undefined,
    output: outputPlan(output),
  }
}

/**
 * Takes up a run by its id, a unique beginning of it, its name, or `last`; a schema types its answers, as at the start.
 * Throws `not_found`, `ambiguous`, or `busy` where another process drives it.
 */
export async function openRun<Row extends object = AnyRow, Output = string>(
  name: string,
  options?: PlaceOptions & { readonly schema?: undefined },
): Promise<Run<Row, Output>>
export async function openRun<Row extends object = AnyRow, const Schema extends AnswerSchema = AnswerSchema>(
  name: string,
  options: PlaceOptions & Required<AnswerOptions<Schema>>,
): Promise<Run<Row, AnswerOf<Schema>>>
export async function openRun<Row extends object>(
  name: string,
  options: PlaceOptions & AnswerOptions<AnswerSchema | undefined> = {},
): Promise<Run<Row, unknown>> {
  checkOpenOptions(options)
  const workspace = await openPlace(options)
  try {
    const { id } = await findRun(workspace.store, name)
    const emitter = new EventEmitter<{ event: [RunEvent] }>()
    const taken = await takeRun(workspace, id, options.budget?.maxCostUsd)
    const handle = new RunHandle(workspace, taken, emitter)
    return new Run<Row, unknown>(workspace, handle, emitter, { schema: options.schema })
  } catch (error) {
    await workspace.close()
    throw error
  }
}
