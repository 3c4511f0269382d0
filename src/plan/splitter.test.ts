import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Target } from '../model/target.ts'
import { type RequestLoad, USUAL_LOAD } from './request-load.ts'
import { type BatchCut, type CutLimits, createSplitter } from './splitter.ts'

const NO_QUEUE = { queueTokens: null, queueRequests: null }

const targets: readonly Target[] = ['a', 'b', 'c'].map((model) => ({ provider: 'openai', endpoint: '/v1/x', model }))

const limits = fc.record({
  maxRequests: fc.integer({ min: 1, max: 8 }),
  maxBytes: fc.integer({ min: 21, max: 80 }),
  queueTokens: fc.option(fc.integer({ min: 1, max: 40 })),
  queueRequests: fc.option(fc.integer({ min: 1, max: 8 })),
  maxInputs: fc.option(fc.integer({ min: 1, max: 12 })),
  maxOutputBytes: fc.option(fc.integer({ min: 1, max: 60 })),
})

const requests = fc.array(
  fc.record({
    target: fc.constantFrom(...targets),
    lineBytes: fc.integer({ min: 1, max: 20 }),
    tokens: fc.integer({ min: 0, max: 20 }),
    load: fc.record({ inputs: fc.integer({ min: 1, max: 9 }), outputBytes: fc.integer({ min: 0, max: 20 }) }),
  }),
)

describe('createSplitter', () => {
  it('puts every request into exactly one batch, in order, never above the limits', () => {
    fc.assert(
      fc.property(limits, requests, (cutLimits, given) => {
        const { placed, cuts } = split(given, cutLimits)
        expect(cuts.map(({ ordinal }) => ordinal)).toEqual(cuts.map((_, index) => index))
        for (const cut of cuts) {
          const members = given.filter((_, index) => placed[index] === cut.ordinal)
          expect(members.every(({ target }) => target === cut.target)).toBe(true)
          expect(cut.requests).toBe(members.length)
          expect(cut.bytes).toBe(members.reduce((sum, { lineBytes }) => sum + lineBytes + 1, 0))
          expect(cut.tokens).toBe(members.reduce((sum, { tokens }) => sum + tokens, 0))
          expect(cut.requests).toBeLessThanOrEqual(Math.min(cutLimits.maxRequests, cutLimits.queueRequests ?? 8))
          expect(cut.bytes).toBeLessThanOrEqual(cutLimits.maxBytes)
          const tokensFit = cutLimits.queueTokens === null || cut.tokens <= cutLimits.queueTokens || cut.requests === 1
          expect(tokensFit).toBe(true)
          for (const [most, field] of [
            [cutLimits.maxInputs, 'inputs'],
            [cutLimits.maxOutputBytes, 'outputBytes'],
          ] as const) {
            const sum = members.reduce((total, { load }) => total + load[field], 0)
            expect(most === null || sum <= most || cut.requests === 1).toBe(true)
          }
        }
        expect(cuts.reduce((sum, cut) => sum + cut.requests, 0)).toBe(given.length)
        for (const target of targets) {
          const batches = placed.filter((_, index) => given[index]?.target === target)
          expect([...batches].sort((one, other) => one - other)).toEqual(batches)
        }
      }),
    )
  })

  it('cuts only where the next request would not fit', () => {
    fc.assert(
      fc.property(limits, requests, (cutLimits, given) => {
        for (const target of targets) {
          const own = given.filter((request) => request.target === target)
          const { placed, cuts } = split(own, cutLimits)
          own.forEach((request, index) => {
            const before = cuts.find(({ ordinal }) => ordinal === placed[index - 1])
            if (before === undefined || placed[index] === before.ordinal) return
            const members = own.filter((_, place) => placed[place] === before.ordinal)
            const exceeds = (field: keyof RequestLoad, most: number | null): boolean =>
              most !== null && members.reduce((sum, { load }) => sum + load[field], request.load[field]) > most
            const isFull =
              before.requests + 1 > Math.min(cutLimits.maxRequests, cutLimits.queueRequests ?? 8) ||
              before.bytes + request.lineBytes + 1 > cutLimits.maxBytes ||
              before.tokens + request.tokens > (cutLimits.queueTokens ?? Number.POSITIVE_INFINITY) ||
              exceeds('inputs', cutLimits.maxInputs) ||
              exceeds('outputBytes', cutLimits.maxOutputBytes)
            expect(isFull).toBe(true)
          })
        }
      }),
    )
  })

  it('counts the line feed of every line', () => {
    const cutLimits = { maxRequests: 9, maxBytes: 20, ...NO_QUEUE }
    const lines = (lineBytes: number): number =>
      split(
        [lineBytes, lineBytes].map((bytes) => ({
          target: targets[0] as Target,
          lineBytes: bytes,
          tokens: 0,
          load: USUAL_LOAD,
        })),
        cutLimits,
      ).cuts.length
    expect([lines(9), lines(10)]).toEqual([1, 2])
  })

  it.each([
    [{ maxInputs: 6 }, 2],
    [{ maxInputs: 5 }, 3],
    [{ maxOutputBytes: 60 }, 2],
    [{ maxOutputBytes: 59 }, 3],
  ])('fills batches to the last input and byte: %j', (most, batches) => {
    const request = { target: targets[0] as Target, lineBytes: 9, tokens: 0, load: { inputs: 2, outputBytes: 20 } }
    const cutLimits = { maxRequests: 9, maxBytes: 99, ...NO_QUEUE, ...most }
    expect(split([request, request, request, request, request], cutLimits).cuts).toHaveLength(batches)
  })

  it('refuses a line that fits into no batch', () => {
    const splitter = createSplitter(() => ({ maxRequests: 9, maxBytes: 20, ...NO_QUEUE }))
    expect(() => splitter.place(targets[0] as Target, 20, 0)).toThrow(RangeError)
  })
})

function split(
  given: readonly {
    readonly target: Target
    readonly lineBytes: number
    readonly tokens: number
    readonly load: RequestLoad
  }[],
  cutLimits: CutLimits,
): { readonly placed: readonly number[]; readonly cuts: readonly BatchCut[] } {
  const splitter = createSplitter(() => cutLimits)
  const closed: BatchCut[] = []
  const placed = given.map(({ target, lineBytes, tokens, load }) => {
    const placement = splitter.place(target, lineBytes, tokens, load)
    if (placement.closed) closed.push(placement.closed)
    return placement.batch
  })
  return { placed, cuts: [...closed, ...splitter.finish()].sort((one, other) => one.ordinal - other.ordinal) }
}
