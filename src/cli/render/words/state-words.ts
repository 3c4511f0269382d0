import type { RunState } from '../../../model/run.ts'

/** The state of a run in words for people; JSON and events keep the state itself. */
export function describeState(state: RunState): string {
  return state === 'paused' ? 'unfinished' : state
}
