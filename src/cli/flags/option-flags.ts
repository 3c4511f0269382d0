import { Argument, type Command, Option } from 'commander'
import {
  HEADINGS,
  type OptionCommand,
  type OptionDeclaration,
  type OptionKind,
} from '../../model/options/declaration.ts'
import { flagOf } from '../../model/options/mention.ts'
import { OPTION_NAMES, OPTIONS, type OptionName } from '../../model/options/options.ts'
import { addBrief, addLongHelp, COMMON_HEADING } from '../help.ts'
import {
  columnsFlag,
  countFlag,
  countOrZeroFlag,
  deadlineFlag,
  delimiterFlag,
  dollarsFlag,
  durationFlag,
  megabytesFlag,
  numberFlag,
  parameterFlag,
  repeatedFlag,
  statusesFlag,
} from './flag-values.ts'

/** Reads the text behind a flag; what was read before from the same flag stands second. */
type FlagReader = (text: string, before: undefined) => unknown

/** How the text behind a flag is read; other kinds are kept as text. */
const READERS: Readonly<Partial<Record<OptionKind, FlagReader>>> = {
  texts: repeatedFlag,
  columns: columnsFlag,
  count: countFlag,
  countOrZero: countOrZeroFlag,
  number: numberFlag,
  megabytes: megabytesFlag,
  dollars: dollarsFlag,
  duration: durationFlag,
  deadline: deadlineFlag,
  delimiter: delimiterFlag,
  parameters: parameterFlag,
  statuses: statusesFlag,
}

/** Options of so many at least are put under headings. */
const MANY = 12

/** How the text behind a flag of this kind is read. Undefined: it is kept as text, or there is none. */
export function readerOf(kind: OptionKind): FlagReader | undefined {
  return READERS[kind]
}

const FIELD_HELP = `A field is written name: type, such as --field "label: billing|support|sales"
or --field "count: integer". Types are string, number, integer and boolean, or
choices. A [] behind the type makes a list, a ? behind the name allows null.
Choices may come from a file: "label: @labels.txt" has one in each line, and
"label: @rows.csv:gold" takes them from a column.`

/** Adds INPUT, and to long help what a field of the answer can be. */
export function addInput(command: Command): Command {
  const words = 'files (.jsonl, .json, .csv, .tsv, .txt, also .gz; .parquet), - for standard input, or a .yaml job file'
  const input = new Argument('<input...>', words)
  addBrief(input, 'files (.csv, .jsonl, …), - or a .yaml job file')
  return addLongHelp(command, FIELD_HELP).addArgument(input)
}

/** Adds a flag for each option that the command takes, under the headings of the table. */
export function addOptions(command: Command, name: OptionCommand): Command {
  const taken = optionsOf(name)
  const isCommon = (option: OptionName): boolean =>
    taken.length < MANY || OPTIONS[option].commonIn?.includes(name) === true
  for (const option of taken.filter(isCommon)) addFlags(command, option, name, COMMON_HEADING)
  for (const heading of Object.keys(HEADINGS) as (keyof typeof HEADINGS)[]) {
    const under = taken.filter((option) => OPTIONS[option].heading === heading && !isCommon(option))
    for (const option of under) addFlags(command, option, name, `${HEADINGS[heading]}:`)
  }
  return command
}

/** The options that a command takes as flags, in the order of the table. */
export function optionsOf(command: OptionCommand): readonly OptionName[] {
  return OPTION_NAMES.filter((name) => OPTIONS[name].inJobs !== 'only' && OPTIONS[name].commands.includes(command))
}

/** What help says of an option in a command: the sentence and its default. */
export function helpOf(name: OptionName, command: OptionCommand): string {
  const { help, helpIn, usual } = OPTIONS[name]
  return helpIn?.[command] ?? (usual === undefined ? help : `${help} (default: ${usual})`)
}

function addFlags(command: Command, name: OptionName, takenBy: OptionCommand, heading: string): void {
  const declaration: OptionDeclaration = OPTIONS[name]
  const { brief, choices, conflicts = [], helpIn, kind, offHelp, short, value } = declaration
  const flags = [short === undefined ? '' : `-${short}, `, flagOf(name), value === undefined ? '' : ` ${value}`].join(
    '',
  )
  const option = new Option(flags, helpOf(name, takenBy)).conflicts([...conflicts]).helpGroup(heading)
  if (brief !== undefined && helpIn?.[takenBy] === undefined) addBrief(option, brief)
  const reader = READERS[kind]
  if (reader !== undefined) option.argParser(reader as (text: string, before: unknown) => unknown)
  if (choices !== undefined) option.choices(choices)
  command.addOption(option)
  if (offHelp !== undefined)
    command.addOption(new Option(flagOf(name).replace('--', '--no-'), offHelp).helpGroup(heading))
}
