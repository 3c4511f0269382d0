import { join } from 'node:path'
import type { DatabaseHome } from '../../config/home-address.ts'
import { type Disk, nearestFolder } from '../../lib/disk.ts'
import { LlmBatchError, messageOf } from '../../model/error.ts'
import { inFlags } from '../../model/options/mention.ts'
import { workersAtWork } from '../../workspace/workers-at-work.ts'
import { isHomeMade, type Site, type Workspace } from '../../workspace/workspace.ts'
import { asKnownError } from '../exit-code.ts'
import { bytes, counted } from '../render/terminal/quantity.ts'
import { describeWorkers } from '../render/words/workers-words.ts'
import type { Finding } from './finding.ts'

/** Less than this fills up before a large run is over. */
const LEAST_FREE_BYTES = 1_000_000_000

/** Opens the home of a place, does the work, and closes it again. */
export type Opener = <Result>(work: (workspace: Workspace) => Promise<Result>) => Promise<Result>

/** The home, whether it can be written and its state read, and the room on its disk. A home is not made. */
export async function examineHome(site: Site, open: Opener): Promise<readonly Finding[]> {
  const { home } = site
  return home.kind === 'folder' ? await examineFolder(site, home.path, open) : await examineDatabase(home, open)
}

/** The state of a home in a database, whether its files can be written, and who works on its runs. */
async function examineDatabase({ shown }: DatabaseHome, open: Opener): Promise<readonly Finding[]> {
  const state = await examineState(open)
  const finding = { what: 'home', text: `${shown}${state.text}`, problem: state.problem }
  if (state.problem !== null) return [finding]
  const files = await open(async ({ disk, filesFolder, filesPlace }) => ({
    what: 'files',
    text: filesPlace,
    problem: await trialRefusal(disk, filesFolder, 'LLM_BATCH_FILES', filesPlace),
  }))
  return [finding, files, await open(examineWorkers)]
}

async function examineWorkers(workspace: Workspace): Promise<Finding> {
  const text = describeWorkers(await workersAtWork(workspace), workspace.clock.now())
  return { what: 'workers', text: text ?? 'none is at work', problem: null }
}

async function examineFolder(site: Site, home: string, open: Opener): Promise<readonly Finding[]> {
  const { disk } = site
  const folder = await nearestFolder(disk, home)
  const network = await disk.networkFileSystem(folder)
  const refusal = await trialRefusal(disk, folder, '--home')
  const isSound = network === undefined && refusal === null
  const state = !isSound ? NOTHING_SEEN : (await isHomeMade(site)) ? await examineState(open) : NOT_MADE
  const problem =
    network === undefined
      ? (refusal ?? state.problem)
      : `it lies on a network file system (${network}); name a local one with --home`
  const free = await disk.freeBytes(folder)
  return [
    { what: 'home', text: `${home}${state.text}`, problem },
    {
      what: 'disk',
      text: `${bytes(free)} free`,
      problem: free < LEAST_FREE_BYTES ? 'less than 1 GB is free; make room before a large run' : null,
    },
  ]
}

/** The folder where answers go that no other place is named for. */
export async function examineAnswers(disk: Disk, workingFolder: string): Promise<Finding> {
  return { what: 'answers', text: workingFolder, problem: await trialRefusal(disk, workingFolder, '-o') }
}

/** Findings about the state of a home. */
interface SeenState {
  readonly text: string
  readonly problem: string | null
}

const NOTHING_SEEN: SeenState = { text: '', problem: null }

const NOT_MADE: SeenState = { text: ' (made by the first run)', problem: null }

async function examineState(open: Opener): Promise<SeenState> {
  try {
    const runs = await open(({ store }) => store.listRuns())
    return { text: ` (${counted(runs.length, 'run')})`, problem: null }
  } catch (thrown) {
    const error = asKnownError(thrown)
    const { message, next } = LlmBatchError.isInstance(error)
      ? error.inWords(inFlags)
      : { message: messageOf(error), next: '' }
    return { text: '', problem: `its state cannot be read: ${message}${next === '' ? '' : `; ${next}`}` }
  }
}

/** Why no file can be made in a folder; null where one can. To know it, one is made and removed. */
async function trialRefusal(
  disk: Disk,
  folder: string,
  flag: '--home' | '-o' | 'LLM_BATCH_FILES',
  shown: string = folder,
): Promise<string | null> {
  const path = join(folder, '.llm-batch-doctor')
  try {
    const file = await disk.open(path, 'write')
    try {
      await file.write(Buffer.from('a trial of llm-batch doctor\n'))
      await file.sync()
      await disk.syncFolder(folder)
    } finally {
      await file.close()
      await disk.remove(path)
    }
    return null
  } catch (error) {
    return `llm-batch cannot write to ${shown} (${messageOf(error)}); change its permissions, or name another place with ${flag}`
  }
}
