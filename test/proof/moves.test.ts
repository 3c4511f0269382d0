import { expect, it } from 'vitest'
import { carryOut } from '../../proof/carry-out.ts'
import { type Plan, promptsOf, UNDISTURBED } from '../../proof/plan.ts'
import { MOVES, STAGES } from '../../src/model/attempt.ts'

const CANARY: Partial<Plan> = { hasCanary: true, prompts: promptsOf(8) }

/** Runs that bring attempts from stage to stage on every road. */
const RUNS: Readonly<Record<string, Partial<Plan>>> = {
  'an upload is refused': { faults: ['upload:1=status(400)'] },
  'an upload is too large': { prompts: promptsOf(4), faults: ['upload:1=status(413)'] },
  'a create is refused': { faults: ['create:1=status(400)'] },
  'a create is refused for the key': { faults: ['create:1=status(401)'] },
  'creates are throttled': { faults: ['create:1=status(429)'] },
  'a create is found in the list': { faults: ['create:1=accept-then-reset'] },
  'a create cannot be decided': { faults: ['create=reset', 'delete=delete-ignored'] },
  'a create is given up': {
    provider: 'anthropic',
    prompts: promptsOf(1, ['garbled']),
    faults: ['create:1=accept-then-reset'],
  },
  'a batch is refused as a whole': { faults: ['run:1=refuse'] },
  'a batch is gone': { faults: ['get=status(404)'] },
  'a batch is at work after all': { durations: { runMs: 0 }, faults: ['get:2=batch-status(in_progress)'] },
  'a batch names no results': { faults: ['get=ids-hidden'] },
  'direct calls are refused': { ...CANARY, faults: ['direct=status(404)'] },
  'direct answers are cut': { ...CANARY, prompts: promptsOf(8, Array(8).fill('length')) },
  'a run is cancelled while its batch waits in the queue': { faults: ['run=queue-full'], cancelAfterMs: 4_000 },
  'a run is cancelled before its batches are sent': {
    ...CANARY,
    faults: ['direct:1=slow(1900)'],
    cancelAfterMs: 300,
  },
  'a cap is reached': { prompts: promptsOf(12), maxRequests: 2, capUsd: 160 },
  'answers are carried over': {
    prompts: promptsOf(9),
    earlier: { prompts: promptsOf(12).slice(3), isStruck: false },
  },
}

/** Moves that no simulated run makes, with what makes them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'planned -> submitted': 'a batch is taken over from another home: test/runs/remote.test.ts',
  'uploaded -> abandoned': 'a batch takes more of the queue than it may',
  'unconfirmed -> creating': 'a create is repeated with its key: test/providers/invented.test.ts',
  'calling -> held': 'an error of a call that was not foreseen',
  'held -> calling': 'a person lets that go on',
}

it('every move that an attempt may make is made by some run, and none is in the table in vain', async () => {
  const made = new Set<string>(Object.keys(ELSEWHERE))
  for (const [name, parts] of Object.entries(RUNS)) {
    const plan: Plan = { ...UNDISTURBED, prompts: promptsOf(3), provider: 'openai', ...parts, name }
    for (const move of (await carryOut(plan)).moves) made.add(move)
  }
  const allowed = STAGES.flatMap((from) => MOVES[from].map((to) => `${from} -> ${to}`))
  expect([...made].toSorted()).toEqual(allowed.toSorted())
})
