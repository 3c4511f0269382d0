import { type Command, InvalidArgumentError } from 'commander'
import { numberFlag } from './flag-values.ts'

/** What may be spent. */
export interface BudgetFlags {
  /** US dollars. */
  readonly maxCost?: number | undefined
}

/** Adds the cap. */
export function addBudgetFlag(command: Command): Command {
  return command.option(
    '--max-cost <usd>',
    'maximum cost of the run in US dollars; it is held before it could cost more',
    dollarsFlag,
  )
}

/** Reads an amount of US dollars, above zero. */
export function dollarsFlag(text: string): number {
  const amount = numberFlag(text.replace(/^\$/, ''))
  if (amount >= 0.000001) return amount
  throw new InvalidArgumentError('It must be above zero.')
}
