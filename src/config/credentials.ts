import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import { parseBaseUrl } from './base-url.ts'
import { type TokenSource, tokenSource } from './token-command.ts'
import { VARIABLES } from './variables.ts'

/** Variables by name; undefined and blank ones count as absent. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Names of a provider's variables in the environment. */
export interface CredentialVariables {
  /** The provider's name, such as `openai`. */
  readonly name: string
  /** Such as `OPENAI_API_KEY`. */
  readonly keyVariable: string
  /** Another variable that may hold the key; wins where both are set. @default none */
  readonly otherKeyVariable?: string
  /** Such as `OPENAI_BASE_URL`. */
  readonly baseUrlVariable: string
  readonly defaultBaseUrl: string
  /** True where the default address cannot be used. @default false */
  readonly isBaseUrlNeeded?: boolean
  /** True where that address stands in a file which was found and not named: no key of the environment goes there. */
  readonly isBaseUrlFound?: boolean
  /** Minutes after which a token that a command prints is asked for again. @default no command may print one */
  readonly tokenMinutes?: number
}

/** Key and base URL of a provider. Never stored, never logged. */
export interface Credentials {
  /** Empty where a command prints tokens. */
  readonly apiKey: string
  /** The tokens that a command prints in place of a key. @default none */
  readonly tokens?: TokenSource
  /** With its version path, without a slash at the end. */
  readonly baseUrl: string
  /** True where plain http may leave this machine; for the transport, which checks again. */
  readonly isHttpAllowed: boolean
  readonly keyFrom: 'environment' | '.env' | 'command'
  /** The variable that holds the key; the name of the setting where a command prints tokens. */
  readonly keyVariable: string
  /** One sentence where a base URL or a key was set but not used, for `doctor`; null otherwise. */
  readonly warning: string | null
}

/** Sources of keys and base URLs. */
export interface CredentialSources {
  readonly environment: Environment
  /** The `.env` of the working folder; null where the caller reads none. */
  readonly dotEnv: Environment | null
  /** Commands that print tokens, by provider. @default none */
  readonly tokenCommands?: TokenCommands
}

/** Commands that print tokens, as words, by the name of the provider. */
export interface TokenCommands {
  readonly words: Readonly<Record<string, readonly string[]>>
  /** Sources that were made of them, by provider, so that one process asks once. */
  readonly sources: Map<string, TokenSource>
  /** True where they stand in a file that the user did not name: a stranger's folder must not start programs. */
  readonly isFound: boolean
}

/**
 * Key and base URL of a provider. A key of the real environment wins over one of `.env`, and then a base URL in `.env`
 * does not count: otherwise a folder cloned from a stranger could send the user's own key to the stranger's server.
 * Throws `configuration` where there is no usable key or base URL, naming the variable.
 */
export function findCredentials(sources: CredentialSources, variables: CredentialVariables): Credentials {
  const key = findKey(sources, variables)
  const found = key ?? findTokens(sources, variables)
  if (found === undefined) throw missingKey(variables, sources.dotEnv !== null)
  if (key) assertKey(key.apiKey, key.keyVariable)
  assertAddressIsThere(sources, variables, found.keyFrom !== '.env')
  if (found.keyFrom !== '.env') assertAddressIsOwn(sources, variables)
  const { warning, ...place } = findBaseUrl(sources, variables)
  return { ...found, ...place, warning: warning ?? secondKey(sources, variables) }
}

type Key = Pick<Credentials, 'apiKey' | 'keyFrom' | 'keyVariable' | 'tokens'>

/** The command that prints tokens; undefined where the configuration names none. */
function findTokens(
  { environment, tokenCommands }: CredentialSources,
  variables: CredentialVariables,
): Key | undefined {
  const { name, tokenMinutes } = variables
  const words = tokenCommands?.words[name]
  if (tokenCommands === undefined || words === undefined) return undefined
  const keyVariable = tokenSetting(name)
  if (tokenMinutes === undefined) {
    throw new LlmBatchError('configuration', `${keyVariable}: ${name} does not support tokens that a command prints`, {
      next: `Remove it, and set ${variables.keyVariable} in the environment.`,
    })
  }
  if (tokenCommands.isFound) {
    throw new LlmBatchError('configuration', `${keyVariable} is a program to start, in a file that was only found`, {
      next: `Look at the command, then name the file with ${mention('config')}.`,
    })
  }
  const tokens = tokenCommands.sources.get(name) ?? tokenSource(words, tokenMinutes, environment)
  tokenCommands.sources.set(name, tokens)
  return { apiKey: '', tokens, keyFrom: 'command', keyVariable }
}

function tokenSetting(name: string): string {
  return `providers.${name}.tokenCommand`
}

/** The key that counts; undefined where none is set. */
function findKey({ dotEnv, environment }: CredentialSources, variables: CredentialVariables): Key | undefined {
  for (const [keyFrom, source] of [
    ['environment', environment],
    ['.env', dotEnv],
  ] as const) {
    for (const keyVariable of keyVariables(variables)) {
      const apiKey = present(source?.[keyVariable])
      if (apiKey !== undefined) return { apiKey, keyFrom, keyVariable }
    }
  }
  return undefined
}

/** The variables that may hold the key, the one that wins first. */
function keyVariables({ keyVariable, otherKeyVariable }: CredentialVariables): readonly string[] {
  return otherKeyVariable === undefined ? [keyVariable] : [otherKeyVariable, keyVariable]
}

/** Says which of two keys counts where they differ; null where there is one. */
function secondKey(sources: CredentialSources, variables: CredentialVariables): string | null {
  const { environment } = sources
  const { keyVariable, name, otherKeyVariable } = variables
  const key = findKey(sources, variables)
  if (key && hasCommand(sources, variables))
    return `${tokenSetting(name)} is not asked, because ${key.keyVariable} is set.`
  if (otherKeyVariable === undefined) return null
  const [one, other] = [present(environment[keyVariable]), present(environment[otherKeyVariable])]
  if (one === undefined || other === undefined || one === other) return null
  return `${keyVariable} is ignored, because ${otherKeyVariable} is set too and wins, as in the provider's own SDK.`
}

/** True where the variable of a provider's key is set, whether or not the key is usable, or a command prints tokens. */
export function hasKey(sources: CredentialSources, variables: CredentialVariables): boolean {
  return findKey(sources, variables) !== undefined || hasCommand(sources, variables)
}

function hasCommand({ tokenCommands }: CredentialSources, { name }: CredentialVariables): boolean {
  return tokenCommands?.words[name] !== undefined
}

/**
 * The base URL alone, for commands that call no provider and need no key. The same rule holds: one from `.env` counts only
 * where no key of the real environment would be sent there.
 */
export function findBaseUrl(
  sources: CredentialSources,
  variables: CredentialVariables,
): Pick<Credentials, 'baseUrl' | 'isHttpAllowed' | 'warning'> {
  const { baseUrlVariable, defaultBaseUrl } = variables
  const ownKey = findKey({ environment: sources.environment, dotEnv: null }, variables)
  const isForTokens = findKey(sources, variables) === undefined && hasCommand(sources, variables)
  const ownName = ownKey?.keyVariable ?? (isForTokens ? tokenSetting(variables.name) : undefined)
  const ownUrl = present(sources.environment[baseUrlVariable])
  const fileUrl = present(sources.dotEnv?.[baseUrlVariable])
  const countedFileUrl = ownName === undefined ? fileUrl : undefined
  const isHttpAllowed = present(sources.environment[VARIABLES.allowHttp]) === '1'
  const rules = { variable: baseUrlVariable, isHttpAllowed, usualPath: new URL(defaultBaseUrl).pathname }
  return {
    baseUrl: parseBaseUrl(ownUrl ?? countedFileUrl ?? defaultBaseUrl, rules),
    isHttpAllowed,
    warning:
      ownUrl === undefined && fileUrl !== countedFileUrl
        ? `${baseUrlVariable} in .env is ignored, because ${ownName} ${isForTokens ? 'gives the tokens' : 'comes from the environment'}.`
        : null,
  }
}

/** Secrets that a variable holds, separated by commas or spaces; the real environment wins over `.env`. */
export function findSecrets({ dotEnv, environment }: CredentialSources, variable: string): readonly string[] {
  const text = present(environment[variable]) ?? present(dotEnv?.[variable]) ?? ''
  return text.split(/[\s,]+/).filter((secret) => secret !== '')
}

function present(value: string | undefined): string | undefined {
  const trimmed = value?.trim()
  return trimmed === '' ? undefined : trimmed
}

function missingKey({ name, keyVariable }: CredentialVariables, isFileRead: boolean): LlmBatchError {
  const elsewhere = isFileRead
    ? 'or in a file named .env in the working folder.'
    : 'or start the script with node --env-file=.env.'
  return new LlmBatchError('configuration', `there is no key for ${name}: ${keyVariable} is not set`, {
    next: `Set ${keyVariable} in the environment, ${elsewhere}`,
  })
}

/** There is no address for all: a key must not go to a server that has the name of an example. */
function assertAddressIsThere(
  { dotEnv, environment }: CredentialSources,
  { baseUrlVariable, isBaseUrlNeeded = false, name }: CredentialVariables,
  isKeyOwn: boolean,
): void {
  const address = present(environment[baseUrlVariable]) ?? (isKeyOwn ? undefined : present(dotEnv?.[baseUrlVariable]))
  if (!isBaseUrlNeeded || address !== undefined) return
  throw new LlmBatchError('configuration', `there is no address for ${name}: ${baseUrlVariable} is not set`, {
    next: `Set ${baseUrlVariable} to the address of your own, with https:// before it.`,
  })
}

/** A folder cloned from a stranger must not send the user's own key to the address that its file says. */
function assertAddressIsOwn({ environment }: CredentialSources, variables: CredentialVariables): void {
  const { baseUrlVariable, isBaseUrlFound = false, keyVariable, name } = variables
  if (!isBaseUrlFound || present(environment[baseUrlVariable]) !== undefined) return
  const message = `${keyVariable} comes from the environment, and the address of ${name} from a file that was only found`
  throw new LlmBatchError('configuration', message, {
    next: `Name the file with ${mention('config')}, set ${baseUrlVariable}, or write the key into .env beside the file.`,
  })
}

/** Other characters cannot stand in a header; they come from copying too much. The key itself is never shown. */
function assertKey(apiKey: string, keyVariable: string): void {
  if (/^[\x21-\x7e]+$/.test(apiKey)) return
  throw new LlmBatchError('configuration', `${keyVariable} has characters that keys do not have, such as a space`, {
    next: 'Copy the key again, without quotes and line breaks.',
  })
}
