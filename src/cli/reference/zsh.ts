import {
  type DescribedCommand,
  type DescribedOption,
  type DescribedPlace,
  type Offer,
  withChildren,
} from './described-command.ts'
import type { KnownWords } from './known-words.ts'

/** The completion script for zsh, as a file `_llm-batch` on its `fpath` or read by `source`. */
export function zshScript(program: DescribedCommand, { models, providers }: KnownWords, version: string): string {
  return `#compdef llm-batch
# Completion of llm-batch ${version} for zsh: llm-batch completions zsh > "\${fpath[1]}/_llm-batch"

_llm_batch_models() {
  local -a models=(${models.join(' ')})
  _multi_parts / models
}

_llm_batch_providers() {
  compadd "$@" -- ${providers.join(' ')}
}

# Ids and names of the runs, with what is beside them.
_llm_batch_runs() {
  local -a runs home
  [[ -n \${opt_args[--home]} ]] && home=(--home "\${(Q)opt_args[--home]}")
  local line
  for line in "\${(@f)$("$_llm_batch_program" completions runs $home 2>/dev/null)}"; do
    [[ -n $line ]] && runs+=("\${line/$'\\t'/:}")
  done
  _describe -V run runs
}
${withChildren(program).map(functionOf).join('\n')}
_llm_batch() {
  local _llm_batch_program=\${(Q)words[1]}
  _llm_batch__
}

if [[ $funcstack[1] == _llm-batch ]]; then _llm_batch "$@"; else compdef _llm_batch llm-batch; fi
`
}

/** The function that completes what follows the words of one command. */
function functionOf({ children, options, path, places }: DescribedCommand): string {
  const rest = children.length === 0 ? places.map(placeSpec) : [`'1: :->command'`, `'*:: :->rest'`]
  const specs = [...options.map(optionSpec), ...rest]
  const body = [
    '  local context state state_descr line curcontext=$curcontext',
    '  typeset -A opt_args',
    `  _arguments -C -s -S \\\n    ${specs.join(' \\\n    ')}`,
  ]
  return `\n${nameOf(path)}() {\n${[...body, ...(children.length === 0 ? [] : [dispatch(children, path, places)])].join('\n')}\n}`
}

/** Leads on to the command below that was typed; where none was, the places of the command itself count. */
function dispatch(children: readonly DescribedCommand[], path: string, places: readonly DescribedPlace[]): string {
  const listed = children.map(({ name, summary }) => quoted(`${name}:${summary.replaceAll(':', '\\:')}`))
  const own = places[0] === undefined ? '' : `\n      ${actionOf(places[0].offer)}`
  return `  case $state in
    command)
      local -a commands=(
        ${listed.join('\n        ')}
      )
      _describe command commands${own}
      ;;
    rest)
      case $line[1] in
${children.map(({ name }) => `        ${name}) ${nameOf(`${path} ${name}`)} ;;`).join('\n')}
      esac
      ;;
  esac`
}

function nameOf(path: string): string {
  return `_llm_batch__${path.trim().replaceAll(/[ -]/g, '_')}`
}

function optionSpec({ flags, help, isRepeatable, offer, value }: DescribedOption): string {
  const what = `[${escaped(help)}]${value === null ? '' : `:${escaped(value)}:${actionOf(offer)}`}`
  const [only, ...others] = flags
  if (isRepeatable) return flags.map((flag) => quoted(`*${flag}${what}`)).join(' ')
  if (others.length === 0) return quoted(`${only}${what}`)
  return `'(${flags.join(' ')})'{${flags.join(',')}}${quoted(what)}`
}

function placeSpec({ isMany, isRequired, name, offer }: DescribedPlace): string {
  return quoted(`${isMany ? '*' : ''}:${isRequired ? '' : ':'}${escaped(name)}:${actionOf(offer)}`)
}

function actionOf(offer: Offer): string {
  if (typeof offer !== 'string') return `(${offer.join(' ')})`
  return {
    files: '_files',
    runs: '_llm_batch_runs',
    models: '_llm_batch_models',
    providers: '_llm_batch_providers',
    nothing: ' ',
  }[offer]
}

/** A text inside of a specification of `_arguments`. */
function escaped(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, String.raw`\$&`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
