import type { Argument, Command, Option } from 'commander'
import { parameterFlag, repeatedFlag } from '../flags/flag-values.ts'

/** The offer of a shell at a place of a line: things of a kind, or the words of a list. */
export type Offer = 'files' | 'runs' | 'models' | 'providers' | 'nothing' | readonly string[]

/** An option as it is typed. */
export interface DescribedOption {
  /** `-o` before `--output`; all mean the same. */
  readonly flags: readonly string[]
  /** What stands behind it, such as `file`; null where nothing does. */
  readonly value: string | null
  readonly help: string
  /** The heading that long help puts it under; undefined for those of rare commands. */
  readonly heading: string | undefined
  readonly offer: Offer
  readonly isRepeatable: boolean
}

/** A word of a command that is not an option. */
export interface DescribedPlace {
  readonly name: string
  readonly help: string
  readonly offer: Offer
  readonly isRequired: boolean
  /** True where more words may follow that mean the same. */
  readonly isMany: boolean
}

/** A command, or a command below one such as `runs rm`. */
export interface DescribedCommand {
  /** The words that lead to it, `runs rm`; empty for the program itself. */
  readonly path: string
  readonly name: string
  readonly summary: string
  /** What follows its words, such as `RUN [options]`. */
  readonly usage: string
  readonly places: readonly DescribedPlace[]
  readonly options: readonly DescribedOption[]
  readonly children: readonly DescribedCommand[]
}

/** What the words mean that stand for a value. */
const OFFERS: Readonly<Record<string, Offer>> = {
  file: 'files',
  folder: 'files',
  input: 'files',
  place: 'files',
  run: 'runs',
  runs: 'runs',
  words: 'runs',
  'provider/model': 'models',
}

const HELP: DescribedOption = {
  flags: ['-h', '--help'],
  value: null,
  help: 'show the help of the command',
  heading: undefined,
  offer: 'nothing',
  isRepeatable: false,
}

/** Describes the program with all of its commands, of which every option is defined, and the command `help`. */
export function describeProgram(program: Command): DescribedCommand {
  const described = describeCommand(program, [])
  return { ...described, children: [...described.children, helpCommand(described.children.map(({ name }) => name))] }
}

/** The command that commander adds by itself. */
function helpCommand(names: readonly string[]): DescribedCommand {
  const place = { name: 'command', help: 'a command', offer: names, isRequired: false, isMany: false }
  const words = { name: 'help', path: 'help', summary: 'show the help of a command with all of its options' }
  return { ...words, usage: '[COMMAND]', places: [place], options: [], children: [] }
}

function describeCommand(command: Command, above: readonly string[]): DescribedCommand {
  const words = command.parent === null ? [] : [...above, command.name()]
  return {
    path: words.join(' '),
    name: command.name(),
    summary: command.description(),
    usage: command.usage(),
    places: command.registeredArguments.map((argument) => describePlace(argument, command)),
    options: [...command.options.filter(({ hidden }) => !hidden).map(describeOption), HELP],
    children: command.commands.map((child) => describeCommand(child, words)),
  }
}

/** A command and all below it, itself first. */
export function withChildren(command: DescribedCommand): readonly DescribedCommand[] {
  return [command, ...command.children.flatMap(withChildren)]
}

function describePlace(argument: Argument, command: Command): DescribedPlace {
  const { argChoices, description, required, variadic } = argument
  const name = argument.name()
  const isProvider = command.name() === 'providers'
  return {
    name,
    help: description,
    offer: argChoices ?? (isProvider ? 'providers' : offerFor(name)),
    isRequired: required,
    isMany: variadic,
  }
}

function describeOption(option: Option): DescribedOption {
  const { argChoices, description, helpGroupHeading, long, parseArg, short } = option
  const value = /[<[](.+?)(?:\.\.\.)?[>\]]/.exec(option.flags)?.[1] ?? null
  return {
    flags: [short, long].filter((flag): flag is string => typeof flag === 'string'),
    value,
    help: description,
    heading: helpGroupHeading?.replace(/:$/, ''),
    offer: argChoices ?? (long === '--provider' ? 'providers' : offerFor(value ?? '')),
    isRepeatable: parseArg === repeatedFlag || parseArg === parameterFlag,
  }
}

function offerFor(name: string): Offer {
  return OFFERS[name] ?? 'nothing'
}
