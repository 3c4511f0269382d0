import { join } from 'node:path'
import { writeAtomically } from '../lib/atomic-file.ts'
import { DAY_MS } from '../lib/duration.ts'
import { isJsonObject } from '../lib/json.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { type Target, targetKey } from '../model/target.ts'
import { assertFit, describeFitness, type JudgedModel, judgeModel } from '../plan/model-fitness.ts'
import { factsOf } from '../providers/known.ts'
import { type ModelNote, type Provider, ProviderError } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import { isHomeMade, type Site } from './workspace.ts'

/** How long what a list has told is believed. */
const BELIEVED_MS = DAY_MS

/** Answer of a list about a model, and when it was given; instants are epoch milliseconds. */
interface ToldModel {
  readonly askedAt: number
  readonly endsAt: number | null
  readonly canBatch: boolean | null
}

/** Answers of lists, by provider, base URL, endpoint and model. */
type Told = Record<string, ToldModel>

/**
 * Judges the models that requests are for, each once, by what is shipped of them and what the provider's list of models
 * tells. The list is asked where a key is there, once a day for a model; its answers are kept in the home, if there is one.
 * A list that fails, is slow or strange tells nothing, and stops nothing.
 */
export async function judgeModels(
  site: Site,
  targets: readonly Target[],
  timeoutHours: number | null,
): Promise<readonly JudgedModel[]> {
  const now = site.clock.now()
  const known = await readTold(site, now)
  const told: Told = { ...known }
  const judged: JudgedModel[] = []
  const once = new Map(targets.map((target) => [targetKey(target), target]))
  let isAsking = true
  for (const target of once.values()) {
    const provider = await site.describe(target.provider)
    const { canChoose, default: usual } = provider.limits(target).windowHours
    const windowHours = canChoose ? (timeoutHours ?? usual) : usual
    const key = JSON.stringify([site.configuration.baseUrlOf(findProvider(target.provider)), targetKey(target)])
    const mayAsk = isAsking && told[key] === undefined && mayBeAsked(site, provider)
    const answer = mayAsk ? await askList(site, target) : null
    // Who did not answer once would only take as long again.
    if (mayAsk && answer === null) isAsking = false
    if (answer) told[key] = { askedAt: now, canBatch: answer.canBatch, endsAt: answer.endsAt?.getTime() ?? null }
    judged.push(judgeModel(target, noteOf(target, told[key]), { now, windowHours }))
  }
  if (Object.keys(told).length > Object.keys(known).length) await keepTold(site, told)
  return judged
}

/** Work of a run that is about to be sent. */
export interface WorkToSend {
  readonly targets: readonly Target[]
  /** Hours that its batches may take; null for the provider's own. */
  readonly timeoutHours: number | null
  /** True where the user insists. */
  readonly isForced: boolean
}

/**
 * Warns of models that end soon, and of every unfit one that the user insists on. Throws `unfit_model` for one whose
 * batches would not be answered.
 */
export async function refuseUnfitModels(
  site: Site,
  { isForced, targets, timeoutHours }: WorkToSend,
  emit: Emit,
): Promise<void> {
  const judged = await judgeModels(site, targets, timeoutHours)
  const now = site.clock.now()
  assertFit(judged, isForced, now)
  for (const model of judged) {
    const message = describeFitness(model, now)
    if (message !== null) emit({ type: 'warning', code: 'model_ends', message, batch: null })
  }
}

function mayBeAsked({ configuration }: Site, provider: Provider): boolean {
  return provider.describeModel !== undefined && configuration.hasKeyFor(findProvider(provider.name))
}

/** What is known of a model by what is shipped, and by what its list has told. */
function noteOf({ model, provider }: Target, told: Told[string] | undefined): ModelNote {
  if (factsOf(provider).unbatchedModels.includes(model)) return { endsAt: null, canBatch: false }
  if (told === undefined) return { endsAt: null, canBatch: null }
  return { canBatch: told.canBatch, endsAt: told.endsAt === null ? null : new Date(told.endsAt) }
}

/** What the list tells of a model; null where it gave no answer that can be read, or the key is none. */
async function askList(site: Site, target: Target): Promise<ModelNote | null> {
  try {
    const provider = await site.connect(target.provider)
    return (await provider.describeModel?.(target, new AbortController().signal)) ?? null
  } catch (error) {
    // Where something is to be sent, a key that cannot be used ends the command by itself.
    if (error instanceof ProviderError || LlmBatchError.isInstance(error)) return null
    throw error
  }
}

/** What is still believed of what was told before; entries that are not as we write them are left out. */
async function readTold({ disk, localFolder }: Site, now: number): Promise<Told> {
  const told: Told = {}
  for (const [key, entry] of Object.entries(parsed(await spared(() => disk.readText(pathIn(localFolder)))))) {
    if (isToldModel(entry) && entry.askedAt <= now && now - entry.askedAt < BELIEVED_MS) told[key] = entry
  }
  return told
}

/** Said by hand: zod would be loaded by commands that only look at the home. */
function isToldModel(entry: unknown): entry is ToldModel {
  if (!isJsonObject(entry)) return false
  const { askedAt, canBatch, endsAt } = entry
  const isKnown = canBatch === null || typeof canBatch === 'boolean'
  return typeof askedAt === 'number' && isKnown && (endsAt === null || typeof endsAt === 'number')
}

function parsed(text = '{}'): object {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch {
    // The list is asked again, and the file is written anew.
    return {}
  }
}

/** Keeps what was told. Two processes may write at once: what is lost or torn is asked again. */
async function keepTold(site: Site, told: Told): Promise<void> {
  if (!(await isHomeMade(site))) return
  const { disk, localFolder } = site
  const text = `${JSON.stringify(told)}\n`
  await spared(async () => {
    await disk.makeFolder(localFolder)
    await writeAtomically(disk, pathIn(localFolder), async (writer) => void (await writer.writeText(text)))
  })
}

/** The result, or undefined where the file system refuses: what was told is not worth stopping for. */
async function spared<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return undefined
    throw error
  }
}

function pathIn(folder: string): string {
  return join(folder, 'models.json')
}
