import { type DescribedCommand, type Offer, withChildren } from './described-command.ts'
import type { KnownWords } from './known-words.ts'

/** How the script asks for what it does not hold, and fills in the rest; works from bash 3.2 on, which macOS has. */
const MACHINERY = `
# Offers the words of a list that begin with what was typed.
_llm_batch_words() {
  local candidate
  for candidate in $1; do
    [[ $candidate == "$word"* ]] && COMPREPLY+=("$candidate")
  done
  # Without an offer, bash would name files.
  compopt +o default 2>/dev/null
  return 0
}

_llm_batch_offer() {
  case $1 in
    files) ;;
    runs) _llm_batch_words "$("\${COMP_WORDS[0]}" completions runs \${home:+--home "$home"} 2>/dev/null | cut -f 1)" ;;
    models) _llm_batch_words "$_llm_batch_models" ;;
    providers) _llm_batch_words "$_llm_batch_providers" ;;
    nothing) _llm_batch_words '' ;;
    *) _llm_batch_words "$1" ;;
  esac
}

_llm_batch() {
  local word=\${COMP_WORDS[COMP_CWORD]} path='' option='' value='' home='' place=0 at before
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    before=\${COMP_WORDS[at]}
    # bash makes three words of --flag=value.
    [[ $before == = ]] && continue
    if [[ -n $value ]]; then
      [[ $option == --home ]] && home=\${before/#\\~/$HOME}
      value=''
    elif [[ $before == -* ]]; then
      option=$before
      value=$(_llm_batch_value "$path" "$option")
    elif [[ $place == 0 && " $(_llm_batch_commands "$path") " == *" $before "* ]]; then
      path="\${path:+$path }$before"
    else
      place=$((place + 1))
    fi
  done
  [[ $word == = ]] && word=''
  if [[ -n $value ]]; then
    _llm_batch_offer "$value"
  elif [[ $word == -* ]]; then
    _llm_batch_words "$(_llm_batch_options "$path")"
  else
    local offer
    offer=$(_llm_batch_place "$path" "$place")
    [[ $place == 0 ]] && _llm_batch_words "$(_llm_batch_commands "$path")"
    # Files are offered by bash itself where there is nothing else.
    if [[ $offer == files ]]; then compopt -o default 2>/dev/null; else _llm_batch_offer "\${offer:-nothing}"; fi
  fi
  return 0
}
complete -o bashdefault -o default -F _llm_batch llm-batch
`

/** The completion script for bash. */
export function bashScript(program: DescribedCommand, { models, providers }: KnownWords, version: string): string {
  const commands = withChildren(program)
  return (
    [
      `# Completion of llm-batch ${version} for bash. In ~/.bashrc: source <(llm-batch completions bash)`,
      `_llm_batch_models='${models.join(' ')}'`,
      `_llm_batch_providers='${providers.join(' ')}'`,
      caseFunction(
        '_llm_batch_commands',
        'The commands below a command.',
        commands.flatMap(({ children, path }) => branch(path, children.map(({ name }) => name).join(' '))),
      ),
      caseFunction(
        '_llm_batch_options',
        'The options of a command.',
        commands.map(({ options, path }) => ({
          pattern: quoted(path),
          word: options.flatMap(({ flags }) => flags).join(' '),
        })),
      ),
      caseFunction(
        '_llm_batch_value',
        'What an option of a command wants behind it; nothing where it stands alone.',
        valueBranches(commands),
        '$1 $2',
      ),
      caseFunction(
        '_llm_batch_place',
        'What may stand at a place of a command, counted from 0.',
        commands.flatMap(({ path, places }) =>
          places.map(({ isMany, offer }, at) => ({
            pattern: isMany ? `'${path} '*` : quoted(`${path} ${at}`),
            word: wordOf(offer),
          })),
        ),
        '$1 $2',
      ),
    ].join('\n') + MACHINERY
  )
}

interface Branch {
  readonly pattern: string
  readonly word: string
}

function branch(path: string, word: string): readonly Branch[] {
  return word === '' ? [] : [{ pattern: quoted(path), word }]
}

/** One branch for each thing that is wanted; an option that means the same everywhere stands for all commands. */
function valueBranches(commands: readonly DescribedCommand[]): readonly Branch[] {
  const wanted = commands.flatMap(({ options, path }) =>
    options.flatMap(({ flags, offer, value }) =>
      value === null ? [] : flags.map((flag) => ({ path, flag, word: wordOf(offer) })),
    ),
  )
  const patterns = new Map<string, string[]>()
  const isBare = new Set(
    commands.flatMap(({ options }) => options.flatMap(({ flags, value }) => (value === null ? flags : []))),
  )
  for (const { flag, path, word } of wanted) {
    const isSame = !isBare.has(flag) && wanted.every((other) => other.flag !== flag || other.word === word)
    const pattern = isSame ? `*' ${flag}'` : quoted(`${path} ${flag}`)
    const known = patterns.get(word) ?? []
    if (!known.includes(pattern)) patterns.set(word, [...known, pattern])
  }
  return [...patterns].map(([word, each]) => ({ pattern: each.join('|'), word }))
}

function wordOf(offer: Offer): string {
  return typeof offer === 'string' ? offer : offer.join(' ')
}

function caseFunction(name: string, comment: string, branches: readonly Branch[], subject = '$1'): string {
  const lines = branches.map(({ pattern, word }) => `    ${pattern}) echo ${quoted(word)} ;;`)
  return `\n# ${comment}\n${name}() {\n  case "${subject}" in\n${lines.join('\n')}\n  esac\n}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
