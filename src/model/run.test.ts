import { describe, expect, it } from 'vitest'
import { sampleRun } from '../../test/support/run-records.ts'
import { completeDefinition, isFinished, RUN_MOVES, RUN_STATES, type RunState } from './run.ts'

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

describe('a definition that was stored', () => {
  const { answer, endpoint, hasTextLists, maxReasks, suffixColumn, textColumn, ...older } = sampleRun().definition

  it('by an older version has what its missing fields meant: chat, free text, and asking once', () => {
    expect(completeDefinition(older)).toEqual({
      ...older,
      answer: null,
      maxReasks: 0,
      endpoint: null,
      textColumn: null,
      suffixColumn: null,
      hasTextLists: false,
    })
  })

  it('keeps what it says', () => {
    const schema = { schema: { type: 'object' }, name: 'x', isStrict: true }
    expect(completeDefinition({ ...older, answer: schema, maxReasks: 2 })).toMatchObject({
      answer: schema,
      maxReasks: 2,
    })
    expect({ answer, endpoint, hasTextLists, maxReasks, suffixColumn, textColumn }).toEqual({
      answer: null,
      endpoint: null,
      hasTextLists: false,
      maxReasks: 0,
      suffixColumn: null,
      textColumn: null,
    })
  })
})
