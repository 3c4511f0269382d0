import type { Argument, Command, Option } from 'commander'

/** Where the options stand that most people use, and those of one command alone. */
export const COMMON_HEADING = 'Options:'

/** Text behind the options that only long help shows, by command. */
const LONG_TEXTS = new WeakMap<Command, string>()

/** Shorter words of options and arguments, for help that fits a screen. */
const BRIEFS = new WeakMap<Option | Argument, string>()

/** Gives an option or an argument other words in short help. */
export function addBrief(item: Option | Argument, text: string): void {
  BRIEFS.set(item, text)
}

/** The last words of a command's long help. */
export function addLongHelp(command: Command, text: string): Command {
  LONG_TEXTS.set(command, text)
  return command
}

/**
 * Makes the help of a command fit a screen: the options that most people use, and how to see the rest. Long help has all
 * of them under headings; a command without headings is shown whole.
 */
export function arrangeHelp(command: Command, isLong: boolean): void {
  const text = LONG_TEXTS.get(command)
  if (isLong) {
    if (text !== undefined) command.addHelpText('after', `\n${text}`)
    return
  }
  const hidden = command.options.filter((option) => !isShown(option))
  // A command whose options are all of rare use shows them rather than nothing.
  if (hidden.length === 0 || hidden.length === command.options.length) return
  for (const option of hidden) option.hideHelp()
  for (const item of [...command.options, ...command.registeredArguments]) {
    item.description = BRIEFS.get(item) ?? item.description
  }
  command.addHelpText('after', `\n${hidden.length} more options: llm-batch ${command.name()} --help --all`)
}

function isShown({ helpGroupHeading }: Option): boolean {
  return helpGroupHeading === undefined || helpGroupHeading === COMMON_HEADING
}
