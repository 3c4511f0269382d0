import { type Command, Option } from 'commander'
import { readCondition } from '../../results/condition.ts'
import type { ColumnFacts } from '../../results/row-columns.ts'
import type { Selection } from '../../results/selection.ts'
import { countFlag, countOrZeroFlag, repeatedFlag } from './flag-values.ts'

/** Which rows of a run are wanted. */
export interface SelectionFlags {
  readonly where?: readonly string[] | undefined
  readonly limit?: number | undefined
  readonly sample?: number | undefined
  readonly seed?: number | undefined
}

/** Adds the flags that choose rows. */
export function addSelectionFlags(command: Command): Command {
  return command
    .option(
      '--where <condition>',
      'only rows that fulfil it, such as status=failed; may be repeated, all must hold',
      repeatedFlag,
    )
    .addOption(
      new Option('--limit <n>', 'only the first n rows (default: 20 in a table, else all)')
        .argParser(countFlag)
        .conflicts('sample'),
    )
    .option('--sample <n>', 'only n rows, drawn at random', countFlag)
    .addOption(
      new Option('--seed <n>', 'random seed of --sample; another seed gives other rows (default: 1)')
        .argParser(countOrZeroFlag)
        .helpGroup('Rows:'),
    )
}

/** The seed of a sample where none is named; the same as for the rows of an input. */
const USUAL_SEED = 1

/** Reads the flags for a run; `usualLimit` counts where neither a limit nor a sample is named. */
export function selectionFrom(
  { limit, sample, seed, where }: SelectionFlags,
  run: ColumnFacts,
  usualLimit: number | null,
): Selection {
  return {
    conditions: (where ?? []).map((text) => readCondition(text, run)),
    limit: limit ?? (sample === undefined ? usualLimit : null),
    sample: sample === undefined ? null : { count: sample, seed: seed ?? USUAL_SEED },
  }
}
