import type { Command } from 'commander'

/** Which answers need not be bought. */
export interface SharingFlags {
  readonly dedupe?: boolean | undefined
  readonly since?: string | undefined
}

/** Adds the flags that say which answers need not be bought. */
export function addSharingFlags(command: Command): Command {
  return command
    .option('--since <run>', 'take the answers of that run for rows that ask the same; buy only the others')
    .option('--dedupe', 'send identical requests once; each of their rows gets the answer')
    .option(
      '--no-dedupe',
      'send identical requests separately (default: embeddings, moderations and temperature 0 are sent once)',
    )
}
