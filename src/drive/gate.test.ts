import { describe, expect, it } from 'vitest'
import { sampleAttempt } from '../../test/support/run-records.ts'
import { gateOf, waitsAtGate } from './gate.ts'

const STOP = { state: 'stopped', batch: 1, code: 'x', example: 'y', failed: 20, requests: 20 } as const
const PLANNED = sampleAttempt()
const direct = (stage: 'planned' | 'calling' | 'ended' | 'collected' | 'abandoned') =>
  sampleAttempt({ kind: 'direct', stage })

describe('the gate before the batches', () => {
  it.each([
    ['there is no canary', [PLANNED]],
    ['the canary was answered', [PLANNED, direct('collected')]],
    ['the canary was given up', [PLANNED, direct('abandoned')]],
  ])('is open where %s', (_, attempts) => {
    expect(gateOf({ stopLoss: null }, attempts)).toEqual({ isOpen: true })
    expect(gateOf({ stopLoss: { state: 'ignored' } }, attempts)).toEqual({ isOpen: true })
    expect(gateOf({ stopLoss: STOP }, attempts)).toMatchObject({
      isOpen: false,
      holdReason: { kind: 'stop_loss', failed: 20 },
    })
  })

  it.each(['planned', 'calling', 'ended'] as const)('opens by itself while the canary is %s', (stage) => {
    expect(gateOf({ stopLoss: null }, [PLANNED, direct(stage)])).toEqual({ isOpen: false, holdReason: null })
  })

  it('stays closed while any canary is held, for its reason', () => {
    const reason = { kind: 'request_too_large' } as const
    const held = sampleAttempt({ kind: 'direct', stage: 'held', reason })
    expect(gateOf({ stopLoss: null }, [direct('calling'), held])).toEqual({ isOpen: false, holdReason: reason })
  })

  it.each(['planned', 'uploaded', 'creating', 'unconfirmed', 'submitted', 'ended'] as const)(
    'lets only what primes a cache go while that is %s, and what was uploaded before',
    (stage) => {
      const priming = sampleAttempt({ kind: 'priming', stage })
      const gate = gateOf({ stopLoss: null }, [PLANNED, priming])
      expect(gate).toMatchObject({ isOpen: false, holdReason: null })
      expect(waitsAtGate(gate, PLANNED)).toBe(true)
      expect(waitsAtGate(gate, priming)).toBe(false)
      expect(waitsAtGate(gate, sampleAttempt({ stage: 'uploaded' }))).toBe(false)
    },
  )

  it.each(['held', 'collected', 'rejected', 'abandoned', 'cancelled'] as const)(
    'is open whatever came of priming: %s',
    (stage) => {
      expect(gateOf({ stopLoss: null }, [PLANNED, sampleAttempt({ kind: 'priming', stage })])).toEqual({ isOpen: true })
    },
  )

  it('keeps priming back too while a canary is asked', () => {
    const priming = sampleAttempt({ kind: 'priming' })
    const gate = gateOf({ stopLoss: null }, [priming, direct('calling')])
    expect(waitsAtGate(gate, priming)).toBe(true)
  })

  it('keeps back what was not created yet, and nothing else', () => {
    const closed = { isOpen: false, holdReason: null } as const
    const waiting = (['planned', 'uploaded', 'creating', 'unconfirmed', 'submitted', 'ended'] as const).filter(
      (stage) => waitsAtGate(closed, sampleAttempt({ stage })),
    )
    expect(waiting).toEqual(['planned', 'uploaded'])
    expect(waitsAtGate(closed, direct('planned'))).toBe(false)
    expect(waitsAtGate({ isOpen: true }, PLANNED)).toBe(false)
  })
})
