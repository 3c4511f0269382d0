import type { Command } from 'commander'
import { COLUMN_NAMES, COLUMNS } from '../../output/columns.ts'

/** Our columns with what they hold, a line for each, in the form in which the help of this command lists its options. */
export function columnHelp(command: Command): string {
  const help = command.createHelp()
  const width = Math.max(...COLUMN_NAMES.map((name) => name.length))
  return COLUMN_NAMES.map((name) => help.formatItem(name, width, COLUMNS[name].help, help)).join('\n')
}
