import { type DescribedCommand, type DescribedOption, type Offer, withChildren } from './described-command.ts'
import type { KnownWords } from './known-words.ts'

/** The completion script for fish. */
export function fishScript(program: DescribedCommand, { models, providers }: KnownWords, version: string): string {
  return `# Completion of llm-batch ${version} for fish:
#   llm-batch completions fish > ~/.config/fish/completions/llm-batch.fish

set -g __llm_batch_models ${models.join(' ')}
set -g __llm_batch_providers ${providers.join(' ')}

# Whether the line is in this command: its words first, then the commands below it, of which none was typed.
function __llm_batch_in
    set -l typed (commandline -opc)[2..]
    set -l words (string split -n ' ' -- $argv[1])
    for word in $words
        contains -- $word $typed[1..2]; or return 1
    end
    test (count $words) -eq 0; or test "$typed[1]" = "$words[1]"; or return 1
    for word in $argv[2..]
        contains -- $word $typed; and return 1
    end
    return 0
end

# Ids and names of the runs, with what is beside them.
function __llm_batch_runs
    set -l typed (commandline -opc)
    set -l place (contains -i -- --home $typed)
    and set -l home --home (string replace -r '^~' $HOME -- $typed[(math $place + 1)])
    command $typed[1] completions runs $home 2>/dev/null
end

complete -c llm-batch -f
${withChildren(program).map(linesOf).join('\n')}
`
}

/** The lines of one command: the commands below it, its places, its options. */
function linesOf({ children, options, path, places }: DescribedCommand): string {
  const inside = quoted(`__llm_batch_in ${[quoted(path), ...children.map(({ name }) => name)].join(' ')}`)
  const start = `complete -c llm-batch -n ${inside}`
  return [
    ...children.map(({ name, summary }) => `${start} -a ${name} -d ${quoted(summary)}`),
    ...[...new Set(places.map(({ offer }) => offerWords(offer)))]
      .filter((words) => words !== '')
      .map((words) => `${start} ${words}`),
    ...options.map((option) => `${start} ${optionWords(option)}`),
  ].join('\n')
}

function optionWords({ flags, help, offer, value }: DescribedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const wanted = value === null ? [] : offer === 'files' ? ['-r -F'] : ['-x', offerWords(offer)]
  return [...names, ...wanted, `-d ${quoted(help)}`].filter((word) => word !== '').join(' ')
}

function offerWords(offer: Offer): string {
  if (typeof offer !== 'string') return `-a ${quoted(offer.join(' '))}`
  return {
    files: '-F',
    runs: "-a '(__llm_batch_runs)'",
    models: "-a '$__llm_batch_models'",
    providers: "-a '$__llm_batch_providers'",
    nothing: '',
  }[offer]
}

/** A word of fish in single quotes, in which only a backslash and a quote mean something. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`
}
