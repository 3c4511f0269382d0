import { LlmBatchError } from '../../model/error.ts'
import { programPath } from '../program-path.ts'
import { type Child, startChild } from './child.ts'
import { clientEnvironment, type World } from './world.ts'

/** Working folder and server of a command of the demo. */
export interface CommandPlace {
  readonly folder: string
  /** The server's origin. */
  readonly url: string
  /** False keeps it from the terminal even where someone looks on. */
  readonly isShown: boolean
}

/** Types `llm-batch` with these words, as a process of its own. */
export function startCommand(world: World, words: readonly string[], place: CommandPlace): Child {
  const isShown = place.isShown && world.isWatched
  return startChild(programPath('main'), isShown ? words : [...words, '--quiet'], {
    folder: place.folder,
    environment: clientEnvironment(world, place),
    isShown,
    signal: world.signal,
  })
}

/** Waits for a program that must succeed; throws, with what it wrote, where it did not. */
export async function succeeded({ signal }: World, what: string, child: Child): Promise<void> {
  const { code, output, signal: endedBy } = await child.ended
  signal.throwIfAborted()
  if (code === 0) return
  const words = output.trim()
  throw new LlmBatchError('conflict', `${what} ended with ${code ?? endedBy}${words === '' ? '' : `:\n${words}`}`)
}
