import type { Command } from 'commander'

/** Which answers need not be bought. */
export interface SharingFlags {
  readonly dedupe?: boolean | undefined
  readonly since?: string | undefined
}

/** Adds the flags that say which answers need not be bought. */
export function addSharingFlags(command: Command): Command {
  return command
    .option('--since <run>', 'rows that ask what that run has answered keep its answers; only the others are bought')
    .option('--dedupe', 'identical requests are sent once, and their answer is given to every row')
    .option('--no-dedupe', 'not even for embeddings, moderations and a temperature of 0, where that is the rule')
}
