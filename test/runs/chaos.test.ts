import { describe, expect, it } from 'vitest'
import { stormOf } from '../chaos/random-faults.ts'
import { weather } from '../chaos/weather.ts'

/** `CHAOS_SEEDS=200 CHAOS_FROM=1000 npm run chaos` runs more of them; a failure names its seed. */
const count = Number(process.env['CHAOS_SEEDS'] ?? 12)
const from = Number(process.env['CHAOS_FROM'] ?? 1)
const seeds = Array.from({ length: count }, (_, index) => from + index)

describe.concurrent('random faults and SIGKILLs', () => {
  it.each(seeds)('leave every row answered and billed once (seed %i)', async (seed) => {
    const storm = stormOf(seed)
    const after = await weather(storm)
    const told = { storm, exitCodes: after.exitCodes, stderr: after.stderr }

    // Billed twice: zero.
    expect({ ...told, repeated: after.ledger.repeated }).toEqual({ ...told, repeated: [] })
    // Lost: zero. One record for each row, in order.
    const ids = after.answers.map(({ id }) => id)
    expect({ ...told, ids }).toEqual({ ...told, ids: Array.from({ length: storm.rows }, (_, row) => `row-${row}`) })
    // Wrong joins: zero. The simulated model repeats the nonce of the prompt it was given.
    const wrong = after.answers.filter(
      ({ id, llm_output, llm_status }) => llm_status === 'succeeded' && !llm_output?.endsWith(`nonce:${id}`),
    )
    expect({ ...told, wrong }).toEqual({ ...told, wrong: [] })
    // Billed and not in the answers: zero.
    const succeeded = after.answers.filter(({ llm_status }) => llm_status === 'succeeded').length
    expect({ ...told, succeeded }).toEqual({ ...told, succeeded: after.ledger.rowsBilled })
    // Honest: 0 only when every row succeeded, 4 when some did not.
    const exitCode = after.exitCodes.at(-1)
    expect({ ...told, exitCode }).toEqual({ ...told, exitCode: succeeded === storm.rows ? 0 : 4 })
  })
})
