import { describe, expect, it } from 'vitest'
import { isFinished, RUN_MOVES, RUN_STATES, type RunState } from './run.ts'

describe('the moves of a run', () => {
  it('reach every state from preparing', () => {
    const reached = new Set<RunState>(['preparing'])
    for (const state of reached) for (const next of RUN_MOVES[state]) reached.add(next)
    expect([...reached].sort()).toEqual([...RUN_STATES].sort())
  })

  it('lead out of every state, because a finished run may be opened again by a retry', () => {
    expect(RUN_STATES.filter((state) => RUN_MOVES[state].length === 0)).toEqual([])
    expect(RUN_STATES.filter(isFinished)).toEqual(['completed', 'cancelled'])
  })
})
