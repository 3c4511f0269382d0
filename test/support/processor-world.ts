import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BatchJob, RemoteFile } from '../../src/index.ts'
import { MistralAIBatchProcessor, OpenAIBatchProcessor, type ProcessorOptions } from '../../src/index.ts'
import { type LocalWorld, openWorld } from './local-world.ts'

/** Both processors, for tests that hold for each. */
export const PROCESSORS = [
  { name: 'openai', modelName: 'my-chat-model', Processor: OpenAIBatchProcessor },
  { name: 'mistral', modelName: 'mistral-small-latest', Processor: MistralAIBatchProcessor },
] as const

export type ProcessorKind = (typeof PROCESSORS)[number]
export type AnyProcessor = OpenAIBatchProcessor | MistralAIBatchProcessor

/** Minutes between two looks: 30 ms. */
export const QUICK = { checkInterval: 0.0005 }

/** A local server, a processor that writes below its world's folder, and what the processor told. */
export interface ProcessorWorld extends LocalWorld {
  readonly processor: AnyProcessor
  readonly told: string[]
  /** Another processor on the same folders, as a script has it that is started again. */
  again(options?: Partial<ProcessorOptions>): AnyProcessor
}

export async function openProcessorWorld(
  { modelName, name, Processor }: ProcessorKind,
  given: Partial<ProcessorOptions> & { readonly server?: Parameters<typeof openWorld>[0] } = {},
): Promise<ProcessorWorld> {
  const { server, ...options } = given
  const world = await openWorld(server)
  const told: string[] = []
  const again = (more: Partial<ProcessorOptions> = {}): AnyProcessor =>
    new Processor({
      modelName,
      taskDir: join(world.folder, `${name}_batch_tasks`),
      batchDir: join(world.folder, `${name}_batch_jobs`),
      outputDir: join(world.folder, `${name}_batch_outputs`),
      environment: world.environment,
      waits: { http: '60s', retryBackoff: '5ms' },
      log: (line) => told.push(line),
      ...options,
      ...more,
    })
  return { ...world, told, again, processor: again() }
}

/** A file's lines as JSON. */
export async function jsonLines(path: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** So many ids and prompts. */
export function prompts(count: number, prefix = 'row'): { readonly ids: string[]; readonly messages: string[] } {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
  return { ids, messages: ids.map((id) => `Say something about ${id}. nonce:${id}`) }
}

/** Writes and uploads batch 1 with so many tasks. */
export async function uploaded({ processor }: ProcessorWorld, count = 3): Promise<RemoteFile> {
  const { ids, messages } = prompts(count)
  await processor.writeBatchFile(processor.createTask(ids, messages), 1)
  const file = await processor.uploadBatchFile(1)
  if (!file) throw processor.lastError ?? new Error('nothing was uploaded')
  return file
}

/** The same, and starts its job. */
export async function created(world: ProcessorWorld, count = 3): Promise<BatchJob> {
  const job = await world.processor.createBatchJob(await uploaded(world, count))
  if (!job) throw world.processor.lastError ?? new Error('nothing was created')
  return job
}

/** All jobs that the list shows. */
export async function jobsOf(processor: AnyProcessor): Promise<BatchJob[]> {
  const jobs: BatchJob[] = []
  for await (const job of processor.listJobs()) jobs.push(job)
  return jobs
}
