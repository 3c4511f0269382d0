import { type Plan, promptsOf, UNDISTURBED } from './plan.ts'
import { stormOf } from './random-faults.ts'
import { Chance } from './world/chance.ts'
import type { Crash } from './world/life.ts'
import type { Halt } from './world/shared-home.ts'

/** How far a clock may be from the true time. */
const MOST_AHEAD_MS = 5 * 60_000

/** A clock of a machine that counts too fast or too slowly, by up to so many thousandths. */
const MOST_DRIFT = 2

/** How long a process is halted: before its locks are taken away, and long after. */
const HALTS_MS = [20_000, 75_000, 130_000, 300_000] as const

/** Steps in front of which a halt tells most; any step as often as these together. */
const HALTED_STEPS = ['', '', '', '', '', 'send create', 'send', 'answered', 'commit', 'hear of', 'write', 'rename']

/** Steps of an undisturbed run on two machines; halts and deaths are drawn from somewhat more. */
const USUAL_STEPS = 300

/** Of the trouble of a storm, as much as leaves room for that of machines. */
const MOST_FAULTS = 2

/**
 * A case that is not drawn, because it needs many things at once: a create comes late, just before its input is deleted; its
 * batch is listed as late as it may be; and the wait for that was begun by a machine whose clock is behind, and is over at
 * once by that of the other one.
 */
export const CLOCKS_APART: Plan = {
  ...UNDISTURBED,
  name: 'two machines with clocks apart and a create that comes late',
  seed: 5,
  provider: 'openai',
  prompts: promptsOf(3),
  faults: ['list=lag(3900)'],
  network: [{ call: 'create', number: 1, fault: 'arrives late', lateMs: 24_000, answer: null }],
  machines: {
    clocks: [-4, 4].map((minutes) => ({ aheadMs: minutes * 60_000, rate: 1 })),
    halts: [
      // The second machine, so that the first one comes as far as deleting the input, and the second one takes over then.
      { before: 'lock', number: 4, forMs: 26_500, isAsleep: false },
      { before: 'send delete', number: 1, forMs: 20_000, isAsleep: false },
    ],
  },
}

/**
 * The plan of a run that two machines carry out: the storm of the same seed, as far as it fits, with clocks that differ,
 * processes that are halted for up to minutes, and sometimes one that dies. The same seed gives the same plan.
 */
export function machinesOfSeed(seed: number): Plan {
  const storm = stormOf(seed)
  const chance = new Chance(seed ^ 0x2bad)
  return {
    ...storm,
    name: `two machines ${seed}`,
    faults: storm.faults.filter((rule) => !rule.includes('stuck')).slice(0, MOST_FAULTS),
    network: storm.network.slice(0, MOST_FAULTS),
    disk: [],
    crashes: deathsOf(chance),
    cancelAfterMs: null,
    rivalAfterMs: null,
    earlier: null,
    portions: null,
    retries: [],
    isRotting: false,
    strangers: 0,
    capUsd: null,
    deadlineMs: null,
    strayKeyAtStart: null,
    machines: {
      clocks: [clockOf(chance), clockOf(chance)],
      halts: Array.from({ length: 1 + chance.below(3) }, () => haltOf(chance)),
    },
  }
}

function clockOf(chance: Chance) {
  const aheadMs = chance.happens(0.3) ? 0 : Math.round((2 * chance.fraction() - 1) * MOST_AHEAD_MS)
  return { aheadMs, rate: 1 + ((2 * chance.fraction() - 1) * MOST_DRIFT) / 1_000 }
}

function haltOf(chance: Chance): Halt {
  const before = chance.pick(HALTED_STEPS)
  return {
    before,
    number: 1 + chance.below(before === '' ? USUAL_STEPS * 1.4 : 6),
    forMs: chance.pick(HALTS_MS),
    isAsleep: chance.happens(0.3),
  }
}

function deathsOf(chance: Chance): readonly Crash[] {
  return chance.happens(0.3) ? [{ step: 1 + chance.below(USUAL_STEPS * 1.4), kind: 'death' }] : []
}
