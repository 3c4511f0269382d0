import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Machine } from '../../lib/machine.ts'
import { thisMachine } from '../../lib/machine.ts'
import { summarisePlan } from '../../plan/summary.ts'
import { findPrice } from '../../prices/cost.ts'
import { Shell } from '../shell.ts'
import { type Agreement, agreeTo } from './agree.ts'

const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

/** A plan of one batch that costs a dollar in and, at most, so many more out. */
function plan(model: string, mostOutputTokens: number | null) {
  const summary = summarisePlan(
    { rows: 9, problems: 0, emptyPlaceholders: 0, rowBytes: 9, maxTokens: null },
    [{ ordinal: 0, target: { ...TARGET, model }, requests: 100, bytes: 100, tokens: 2_000_000 }],
    () => ({
      price: findPrice('openai', model),
      expectedAnswer: { tokens: 1, basis: 'assumed' },
      tally: { mostOutputTokens, sharedCharacters: 0, outputBytes: 0, firstBody: '{}' },
      queueTokens: null,
    }),
  )
  return { ...summary, recovery: 'marked' as const }
}

const CHEAP = plan('gpt-6.1-terra', null)
const DEAR = plan('gpt-6.1-terra', 1_200_000)
const UNKNOWN = plan('my-own', null)

const AGREEMENT: Agreement = { isQuiet: false, isAccepted: false, askAboveUsd: 1.5, maxCostUsd: null }

/** A shell whose person answers so, or that has no person; and all that it said. */
function shellWith(answer: string | null): { shell: Shell; said: () => string } {
  const isTTY = answer !== null
  const input = Object.assign(new PassThrough(), { isTTY })
  const error = Object.assign(new PassThrough(), { isTTY })
  const machine: Machine = { ...thisMachine(), environment: { NO_COLOR: '1' } }
  if (answer !== null) input.write(`${answer}\n`)
  const said = (): string => String(error.read() ?? '')
  return { shell: new Shell(machine, { input, error, output: new PassThrough() }), said }
}

describe('agreeing to a cost', () => {
  it('shows the estimate and asks nothing up to the sum', async () => {
    const { said, shell } = shellWith('no one is asked')
    await agreeTo(shell, 'k3f9', CHEAP, AGREEMENT)
    const text = said()
    expect(text).toContain('Run k3f9: 9 rows. Requests: 100 in 1 batch.')
    expect(text).toContain('about $1.00 (set --max-tokens to know the maximum)')
    expect(text).not.toContain('Send it?')
  })

  it.each([
    ['the most it may cost is above the sum', DEAR, /may cost \$4\.00, more than the \$1\.50/],
    ['the cost is unknown', UNKNOWN, /may cost unknown/],
  ])('asks a person where %s', async (_name, estimate, question) => {
    const { said, shell } = shellWith('y')
    await agreeTo(shell, 'k3f9', estimate, AGREEMENT)
    expect(said()).toMatch(question)
  })

  it.each(['n', '', 'nope'])('sends nothing when the answer is "%s"', async (answer) => {
    const { shell } = shellWith(answer)
    await expect(agreeTo(shell, 'k3f9', DEAR, AGREEMENT)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('nothing was sent'),
    })
  })

  it('refuses where no user can be asked, and names the flag', async () => {
    const { shell } = shellWith(null)
    await expect(agreeTo(shell, 'k3f9', DEAR, AGREEMENT)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/\$4\.00.*nothing was sent/),
      next: expect.stringContaining('--yes'),
    })
  })

  it('goes on with --yes, and with an unknown cost where no user can be asked', async () => {
    const { said, shell } = shellWith(null)
    await agreeTo(shell, 'k3f9', DEAR, { ...AGREEMENT, isAccepted: true })
    await agreeTo(shell, 'k3f9', UNKNOWN, AGREEMENT)
    expect(said()).toContain('the price of openai/my-own is unknown')
  })

  it('is silent where it is told to and nothing is to be asked', async () => {
    const { said, shell } = shellWith('y')
    await agreeTo(shell, 'k3f9', CHEAP, { ...AGREEMENT, isQuiet: true })
    expect(said()).toBe('')
    await agreeTo(shell, 'k3f9', DEAR, { ...AGREEMENT, isQuiet: true })
    expect(said()).toContain('Send it?')
  })

  it('warns that a cap may hold the run', async () => {
    const { said, shell } = shellWith(null)
    await agreeTo(shell, 'k3f9', DEAR, { ...AGREEMENT, isAccepted: true, maxCostUsd: 2 })
    expect(said()).toContain('the cap of $2.00 may hold the run before its end, at a cost of up to $4.00')
  })
})
