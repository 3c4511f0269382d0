import { VARIABLES } from '../../config/variables.ts'
import { EXIT } from '../../model/error.ts'
import { EXAMPLE_MODEL } from '../../model/named-providers.ts'
import { HEADINGS, type Heading, type OptionCommand } from '../../model/options/declaration.ts'
import { flagOf } from '../../model/options/mention.ts'
import { OPTION_NAMES, OPTIONS, type OptionName } from '../../model/options/options.ts'
import { PROVIDERS } from '../../providers/registry.ts'
import { helpOf } from '../flags/option-flags.ts'
import { type DescribedCommand, type DescribedOption, withChildren } from './described-command.ts'
import { bold, filled, italic, request, roff, term } from './roff.ts'

/** What each exit code says; docs/exit-codes.md says what to do about it. */
const EXIT_WORDS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'every row succeeded, or what was asked for is done',
  bug: 'a bug of llm-batch',
  usage: 'wrong usage, input or configuration; nothing was sent, or nothing was changed',
  held: 'a person is needed: a run is held, or something must be put right',
  failures: 'finished, and some rows did not succeed',
  unfinished: 'not finished yet: come back with resume or tick',
  interrupted: 'interrupted by the user: go on with resume',
}

const VARIABLE_WORDS: Readonly<Record<keyof typeof VARIABLES, string>> = {
  home: 'folder or database of the runs',
  files: 'where the files of a home in a database lie',
  allowHttp: '1 allows plain http to another machine',
  gatewayToken: 'what programs show to a gateway as their key',
  webhookSecret: 'secrets that webhooks about runs are signed by, separated by commas',
}

/** Options that so many commands take are told as those of all. */
const MANY = 12

/** The manual page in roff, made from the commands and the table of options. `date` is that of the build, YYYY-MM-DD. */
export function manPage(program: DescribedCommand, version: string, date: string): string {
  const title = `.TH LLM\\-BATCH 1 ${date} "llm\\-batch ${version}" "User Commands"`
  return [
    title,
    '.nh',
    '.SH NAME',
    filled(`llm\\-batch \\- ${roff(program.summary.replace(/^T/, 't').replace(/\.$/, ''))}`),
    '.SH SYNOPSIS',
    `.B llm\\-batch\n${italic('COMMAND')} [arguments] [options]\n.br\n.B llm\\-batch help\n${italic('COMMAND')}`,
    '.SH DESCRIPTION',
    filled(roff(DESCRIPTION)),
    '.SH COMMANDS',
    ...withChildren(program)
      .filter(({ path }) => path !== '')
      .map(commandPart),
    '.SH OPTIONS',
    'An option means the same in all commands that take it; they stand in brackets.',
    ...(Object.keys(HEADINGS) as Heading[]).map(headingPart),
    '.SH ENVIRONMENT',
    ...(Object.keys(VARIABLES) as (keyof typeof VARIABLES)[]).map((name) =>
      term(bold(VARIABLES[name]), VARIABLE_WORDS[name]),
    ),
    ...Object.values(PROVIDERS).map(({ baseUrlVariable, keyVariable, name }) =>
      term(`${bold(keyVariable)}, ${bold(baseUrlVariable)}`, `key and address of ${name}`),
    ),
    ...Object.values(PROVIDERS).flatMap(({ name, webhooks }) =>
      webhooks ? [term(bold(webhooks.secretVariable), `secrets of webhooks that ${name} sends`)] : [],
    ),
    '.SH FILES',
    term(bold('llm-batch.config.json'), 'settings, in the working folder'),
    term(bold('.env'), 'keys and other variables of the environment, in the working folder'),
    term(
      bold('.llm-batch'),
      "home of the runs of a folder and of those below it; without one, it is the user's data folder",
    ),
    '.SH EXIT STATUS',
    ...(Object.keys(EXIT) as (keyof typeof EXIT)[]).map((name) => term(bold(String(EXIT[name])), EXIT_WORDS[name])),
    '.SH EXAMPLES',
    `.nf\n${roff(EXAMPLES)}\n.fi`,
    '',
  ].join('\n')
}

const DESCRIPTION =
  'A run turns each row of its input into a request, sends the requests in batches, and writes one line for each row. It may be stopped or killed at any point: the same line typed again goes on. Keys come from the environment or from .env only.'

const EXAMPLES = `llm-batch plan tickets.csv --model ${EXAMPLE_MODEL} --prompt 'Classify: {{text}}'
llm-batch run tickets.csv --model ${EXAMPLE_MODEL} --prompt 'Classify: {{text}}' -o answers.csv
llm-batch status
llm-batch results last --where status=failed
llm-batch retry last`

/** A command with the options that it has to itself, and the names of the others. */
function commandPart({ name, options, path, places, summary, usage }: DescribedCommand): string {
  const isShared = new Set(OPTION_NAMES.filter((option) => isTakenAsUsual(option, path)).flatMap(flagsOf))
  const shared = options.filter(({ flags }) => flags.some((flag) => isShared.has(flag)))
  const own = options.filter((option) => !shared.includes(option) && !option.flags.includes('--help'))
  const listed = shared.map(({ flags }) => bold(flags.at(-1) ?? name)).join(', ')
  return [
    request('SS', `llm-batch ${path} ${usage}`),
    filled(`${roff(summary)}.`),
    ...places.map((place) => term(italic(place.name), place.help)),
    ...own.map(optionPart),
    ...(listed === '' ? [] : [`.PP\n${filled(`Further options, see below: ${listed}.`)}`]),
  ].join('\n')
}

/** The flag of an option, and the one that says no. */
function flagsOf(name: OptionName): readonly string[] {
  const flag = flagOf(name)
  return OPTIONS[name].offHelp === undefined ? [flag] : [flag, flag.replace('--', '--no-')]
}

/** True where the command takes an option of the table with the words that the table has for all. */
function isTakenAsUsual(option: OptionName, path: string): boolean {
  const command = path.split(' ')[0] as OptionCommand
  const { commands, helpIn, inJobs } = OPTIONS[option]
  return inJobs !== 'only' && commands.includes(command) && helpIn?.[command] === undefined
}

function optionPart({ flags, help, offer, value }: DescribedOption): string {
  const choices = typeof offer === 'string' ? '' : `: ${offer.join(', ')}`
  return term(tagOf(flags, value), help + choices)
}

function headingPart(heading: Heading): string {
  const names = OPTION_NAMES.filter((name) => OPTIONS[name].heading === heading && OPTIONS[name].inJobs !== 'only')
  return [request('SS', HEADINGS[heading]), ...names.map(tableOption)].join('\n')
}

function tableOption(name: OptionName): string {
  const { choices, commands, environment, offHelp, short, value } = OPTIONS[name]
  const usual = commands.find((command) => OPTIONS[name].helpIn?.[command] === undefined) ?? commands[0] ?? 'run'
  const flags = [...(short === undefined ? [] : [`-${short}`]), flagOf(name)]
  const words = [
    helpOf(name, usual) + (choices === undefined ? '' : `: ${choices.join(', ')}`),
    ...(offHelp === undefined ? [] : [`; ${flagsOf(name).at(-1)}: ${offHelp}`]),
    ...(environment === undefined ? [] : [`; also ${environment}`]),
    ` [${commands.length > MANY ? 'all that open a home' : commands.join(', ')}]`,
  ]
  return term(tagOf(flags, value?.replace(/^<(.*)>$/, '$1') ?? null), words.join(''))
}

function tagOf(flags: readonly string[], value: string | null): string {
  return `${flags.map(bold).join(', ')}${value === null ? '' : ` ${italic(value)}`}`
}
