import pLimit from 'p-limit'
import { z } from 'zod'
import { isBlank } from '../lib/jsonl.ts'
import type { ProcessorContext } from './processor-context.ts'

type Ports = Pick<ProcessorContext, 'clock' | 'disk' | 'places'>

/** Key by which two creates are the same: one input file may serve several models at Mistral. */
export interface CreateKey {
  readonly fileId: string
  readonly endpoint: string
  readonly model: string
}

/**
 * State of a file's create in the records. `open`: a create was begun and what became of it is not known. `created`: this job
 * was made from it. A file without records, or whose create certainly made nothing, may be created from.
 */
export type CreateState =
  | { readonly state: 'open'; readonly beganAt: Date }
  | { readonly state: 'created'; readonly jobId: string }

/** Jobs that are known to have been created from here, and files whose create was at least begun. */
export interface MadeHere {
  readonly jobIds: ReadonlySet<string>
  readonly fileIds: ReadonlySet<string>
}

const recordSchema = z.object({
  event: z.enum(['creating', 'created', 'not_created']),
  at: z.iso.datetime(),
  fileId: z.string(),
  endpoint: z.string(),
  model: z.string(),
  jobId: z.string().optional(),
})

type CreateRecord = z.output<typeof recordSchema>

/**
 * The record of paid calls: a line in `{batchDir}/{prefix}_creates.jsonl` before each create and one after it, each on
 * stable storage before the next step. So a script that was killed in between, started again, knows that a batch may
 * exist. The last line of a file decides. A line that power loss cut in two is passed over: where it announced a
 * create, nothing was sent; where it told the end of one, the create counts as open and is looked for.
 */
export class CreateRecords {
  readonly #ports: Ports
  /** One after another, so that two calls for one file cannot both find it untouched. */
  readonly #inTurn = pLimit(1)

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /**
   * Announces a create, unless the records tell that the file has been created from or may have been: then that is
   * returned and nothing is written. `force` announces in any case.
   */
  async begin(key: CreateKey, force: boolean): Promise<CreateState | undefined> {
    return await this.#inTurn(async () => {
      const state = force ? undefined : await this.#stateOf(key)
      if (state === undefined) await this.#append({ ...key, event: 'creating' })
      return state
    })
  }

  /** Tells what became of the create that was announced last. */
  async finish(key: CreateKey, end: { readonly jobId: string } | 'not_created'): Promise<void> {
    await this.#inTurn(() =>
      this.#append(end === 'not_created' ? { ...key, event: end } : { ...key, event: 'created', jobId: end.jobId }),
    )
  }

  /** The jobs that are known to have been made from this file. */
  async jobsOf(fileId: string): Promise<readonly string[]> {
    const records = await this.#read()
    return records.flatMap((record) => (record.fileId === fileId && record.jobId !== undefined ? [record.jobId] : []))
  }

  /** Everything that was created, or may have been, as the records of this folder tell it. */
  async made(): Promise<MadeHere> {
    const records = await this.#read()
    return {
      jobIds: new Set(records.flatMap(({ jobId }) => jobId ?? [])),
      fileIds: new Set(records.map(({ fileId }) => fileId)),
    }
  }

  async #stateOf(key: CreateKey): Promise<CreateState | undefined> {
    const last = (await this.#read()).findLast((record) => isOf(record, key))
    if (last === undefined || last.event === 'not_created') return undefined
    if (last.event === 'creating') return { state: 'open', beganAt: new Date(last.at) }
    return { state: 'created', jobId: last.jobId ?? '' }
  }

  async #read(): Promise<readonly CreateRecord[]> {
    const { disk, places } = this.#ports
    return recordsIn((await disk.readText(places.creates)) ?? '')
  }

  async #append(fields: Omit<CreateRecord, 'at'>): Promise<void> {
    const { clock, disk, places } = this.#ports
    const record: CreateRecord = { at: new Date(clock.now()).toISOString(), ...fields }
    await disk.makeFolder(places.batchFolder)
    const file = await disk.open(places.creates, 'append')
    try {
      // The line feed goes first as well, because the line before may have been cut.
      await file.write(Buffer.from(`\n${JSON.stringify(record)}\n`))
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.syncFolder(places.batchFolder)
  }
}

function recordsIn(text: string): readonly CreateRecord[] {
  return text.split('\n').flatMap((line) => {
    if (isBlank(Buffer.from(line))) return []
    const record = recordSchema.safeParse(jsonIn(line))
    return record.success ? [record.data] : []
  })
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Cut by power loss; the class comment says why that is safe.
    return undefined
  }
}

function isOf(record: CreateRecord, key: CreateKey): boolean {
  return record.fileId === key.fileId && record.endpoint === key.endpoint && record.model === key.model
}
