import { OPTIONS, type OptionName, propertyOf } from './options.ts'

/** Private characters around a mention, which no message has otherwise. */
const [OPEN, BETWEEN, CLOSE] = ['\uE000', '\uE001', '\uE002']
const MENTION = new RegExp(`${OPEN}([a-zA-Z]+)${BETWEEN}([^${CLOSE}]*)${CLOSE}`, 'g')

/** Flags that people know by their letter. */
const BY_LETTER: Readonly<Partial<Record<OptionName, string>>> = { output: '-o' }

/** Words for an option, with the value that is mentioned beside it; null where only the option is. */
type OptionWords = (name: OptionName, value: string | null) => string

/**
 * An option in a message, by its name, because the rooms below do not know whether a command or a program reads it. Errors
 * put it in words; other texts that have one go through `inFlags`.
 */
export function mention(name: OptionName, value = ''): string {
  return `${OPEN}${name}${BETWEEN}${value}${CLOSE}`
}

/** The text with its options as they are typed: `--max-tokens 200`. */
export function inFlags(text: string): string {
  return put(text, asFlag)
}

/** The text with its options as a program gives them: `maxTokens: 200`; an option that programs lack is named by its flag. */
export function inProperties(text: string): string {
  return put(text, (name, value) => {
    const property = propertyOf(name)
    if (property === null) return asFlag(name, value)
    const { kind } = OPTIONS[name]
    if (kind === 'off') return `${property}: false`
    if (kind === 'parameters' && value !== null) return `${property}.${value.replace(/=.*/s, '')}`
    return value === null ? property : `${property}: ${value}`
  })
}

/** The flag of an option as it is typed, such as `--max-tokens` or `--no-wait`; of one that has two, the first. */
export function flagOf(name: OptionName): string {
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `--${OPTIONS[name].kind === 'off' ? 'no-' : ''}${words}`
}

function asFlag(name: OptionName, value: string | null): string {
  const flag = BY_LETTER[name] ?? flagOf(name)
  return value === null ? flag : `${flag} ${value}`
}

function put(text: string, words: OptionWords): string {
  return text.replace(MENTION, (_, name: OptionName, value: string) => words(name, value === '' ? null : value))
}
