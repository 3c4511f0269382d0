import type { OptionCommand } from './declaration.ts'
import { OPTIONS, type OptionName, propertyOf } from './options.ts'

/** Private characters around a mention, which no message has otherwise. */
const [OPEN, BETWEEN, CLOSE] = ['\uE000', '\uE001', '\uE002']
const MENTION = new RegExp(`${OPEN}([a-zA-Z-]+)${BETWEEN}([^${CLOSE}]*)${CLOSE}`, 'g')

/** The same around a command line; what is in it may be mentions. */
const [LINE, LINE_END] = ['\uE003', '\uE004']
const COMMAND_LINE = new RegExp(`${LINE}([^${LINE_END}]*)${LINE_END}`, 'g')

/** Flags that people know by their letter. */
const BY_LETTER: Readonly<Partial<Record<OptionName, string>>> = { output: '-o' }

/** Flags of one command alone, which stand with that command, that messages below it name all the same. */
type OwnFlag = 'accept-up-to' | 'allow-actions' | 'by' | 'pass' | 'repair' | 'root' | 'watch'

type Mentioned = OptionName | OwnFlag

/** Words for an option, with the value that is mentioned beside it; null where only the option is. */
type OptionWords = (name: Mentioned, value: string | null) => string

/**
 * An option in a message, by its name, because the rooms below do not know whether a command or a program reads it. Errors
 * put it in words; other texts that have one go through `inFlags`.
 */
export function mention(name: Mentioned, value = ''): string {
  return `${OPEN}${name}${BETWEEN}${value}${CLOSE}`
}

/** A command that goes on from here, such as `commandLine('resume', id)`; a program calls it by its own name of it. */
export function commandLine(command: OptionCommand, ...words: readonly string[]): string {
  return `${LINE}${[command, ...words].join(' ')}${LINE_END}`
}

/** The text with its options and command lines as they are typed: `--max-tokens 200`. */
export function inFlags(text: string): string {
  return put(text.replace(COMMAND_LINE, 'llm-batch $1'), asFlag)
}

/**
 * The text with its options and command lines as a program gives them: `maxTokens: 200`; what programs lack is named as it
 * is typed.
 */
export function inProperties(text: string): string {
  return put(
    text.replace(COMMAND_LINE, (line, words: string) => asCall(words) ?? inFlags(line)),
    asProperty,
  )
}

/** The call of the library that a command line stands for; undefined where there is none. */
function asCall(line: string): string | undefined {
  const [command, ...words] = line.split(' ')
  const options = words.filter((word) => word.startsWith(OPEN))
  if (command === 'cancel') return 'cancel()'
  if (command === 'retry') return `retry({ ${options.join(', ')} })`
  return command === 'resume' && options.length === 0 ? `openRun('${words.join('')}')` : undefined
}

function asProperty(name: Mentioned, value: string | null): string {
  const property = isDeclared(name) ? propertyOf(name) : null
  if (property === null || !isDeclared(name)) return asFlag(name, value)
  const { kind } = OPTIONS[name]
  if (kind === 'off') return `${property}: false`
  if (kind === 'parameters' && value !== null) return `${property}.${value.replace(/=.*/s, '')}`
  if (kind === 'statuses' && value !== null) return `${property}: ['${value}']`
  return value === null ? property : `${property}: ${value}`
}

/** The flag of an option as it is typed, such as `--max-tokens` or `--no-wait`; of one that has two, the first. */
export function flagOf(name: OptionName): string {
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `--${OPTIONS[name].kind === 'off' ? 'no-' : ''}${words}`
}

function isDeclared(name: Mentioned): name is OptionName {
  return Object.hasOwn(OPTIONS, name)
}

function asFlag(name: Mentioned, value: string | null): string {
  const flag = isDeclared(name) ? (BY_LETTER[name] ?? flagOf(name)) : `--${name}`
  return value === null ? flag : `${flag} ${value}`
}

function put(text: string, words: OptionWords): string {
  return text.replace(MENTION, (_, name: Mentioned, value: string) => words(name, value === '' ? null : value))
}
