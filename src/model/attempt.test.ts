import { describe, expect, it } from 'vitest'
import { assertMove, FINAL_STAGES, isTerminal, MOVES, OPEN_STAGES, STAGES, type Stage } from './attempt.ts'

const PAIRS = STAGES.flatMap((from) => STAGES.map((to) => ({ from, to, isAllowed: MOVES[from].includes(to) })))

describe('the moves of an attempt', () => {
  it.each(PAIRS.filter(({ isAllowed }) => isAllowed))('allow $from to $to', ({ from, to }) => {
    expect(() => assertMove(from, to)).not.toThrow()
  })

  it.each(PAIRS.filter(({ isAllowed }) => !isAllowed))('forbid $from to $to', ({ from, to }) => {
    expect(() => assertMove(from, to)).toThrow(`cannot move from ${from} to ${to}`)
  })

  it('reach every stage from planned', () => {
    const reached = new Set<Stage>(['planned'])
    for (const stage of reached) for (const next of MOVES[stage]) reached.add(next)
    expect([...reached].sort()).toEqual([...STAGES].sort())
  })

  it('lead from every stage to a final one', () => {
    const canEnd = new Set<Stage>(FINAL_STAGES)
    for (let round = 0; round < STAGES.length; round += 1) {
      for (const stage of STAGES) if (MOVES[stage].some((next) => canEnd.has(next))) canEnd.add(stage)
    }
    expect([...canEnd].sort()).toEqual([...STAGES].sort())
  })

  it('never send again what may be alive: only a proof leads from unconfirmed back to uploaded', () => {
    const beforeCreate: readonly Stage[] = ['planned', 'uploaded']
    const fromOpen = OPEN_STAGES.flatMap((from) =>
      MOVES[from].filter((to) => beforeCreate.includes(to)).map((to) => [from, to]),
    )
    expect(fromOpen).toEqual([
      ['creating', 'uploaded'],
      ['unconfirmed', 'uploaded'],
    ])
  })
})

describe('isTerminal', () => {
  it.each([
    ['completed', true],
    ['failed', true],
    ['expired', true],
    ['cancelled', true],
    ['cancelling', false],
    ['queued', false],
    ['in_progress', false],
    ['finalizing', false],
  ] as const)('judges %s as %s', (status, terminal) => {
    expect(isTerminal(status)).toBe(terminal)
  })
})
