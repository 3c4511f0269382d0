import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import { parseBaseUrl } from './base-url.ts'
import { VARIABLES } from './variables.ts'

/** Variables by name; undefined and blank ones count as absent. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Names of a provider's variables in the environment. */
export interface CredentialVariables {
  /** The provider's name, such as `openai`. */
  readonly name: string
  /** Such as `OPENAI_API_KEY`. */
  readonly keyVariable: string
  /** Such as `OPENAI_BASE_URL`. */
  readonly baseUrlVariable: string
  readonly defaultBaseUrl: string
  /** True where that address stands in a file which was found and not named: no key of the environment goes there. */
  readonly isBaseUrlFound?: boolean
}

/** Key and base URL of a provider. Never stored, never logged. */
export interface Credentials {
  readonly apiKey: string
  /** With its version path, without a slash at the end. */
  readonly baseUrl: string
  /** True where plain http may leave this machine; for the transport, which checks again. */
  readonly isHttpAllowed: boolean
  readonly keyFrom: 'environment' | '.env'
  /** One sentence where a base URL was set but not used, for `doctor`; null otherwise. */
  readonly warning: string | null
}

/** Sources of keys and base URLs. */
export interface CredentialSources {
  readonly environment: Environment
  /** The `.env` of the working folder; null where the caller reads none. */
  readonly dotEnv: Environment | null
}

/**
 * Key and base URL of a provider. A key of the real environment wins over one of `.env`, and then a base URL in `.env`
 * does not count: otherwise a folder cloned from a stranger could send the user's own key to the stranger's server.
 * Throws `configuration` where there is no usable key or base URL, naming the variable.
 */
export function findCredentials(sources: CredentialSources, variables: CredentialVariables): Credentials {
  const { keyVariable } = variables
  const ownKey = present(sources.environment[keyVariable])
  const apiKey = ownKey ?? present(sources.dotEnv?.[keyVariable])
  if (apiKey === undefined) throw missingKey(variables, sources.dotEnv !== null)
  assertKey(apiKey, keyVariable)
  if (ownKey !== undefined) assertAddressIsOwn(sources, variables)

  return { apiKey, keyFrom: ownKey === undefined ? '.env' : 'environment', ...findBaseUrl(sources, variables) }
}

/** True where the variable of a provider's key is set, whether or not the key is usable. */
export function hasKey({ dotEnv, environment }: CredentialSources, { keyVariable }: CredentialVariables): boolean {
  return (present(environment[keyVariable]) ?? present(dotEnv?.[keyVariable])) !== undefined
}

/**
 * The base URL alone, for commands that call no provider and need no key. The same rule holds: one from `.env` counts only
 * where no key of the real environment would be sent there.
 */
export function findBaseUrl(
  sources: CredentialSources,
  variables: CredentialVariables,
): Pick<Credentials, 'baseUrl' | 'isHttpAllowed' | 'warning'> {
  const { keyVariable, baseUrlVariable, defaultBaseUrl } = variables
  const ownKey = present(sources.environment[keyVariable])
  const ownUrl = present(sources.environment[baseUrlVariable])
  const fileUrl = present(sources.dotEnv?.[baseUrlVariable])
  const countedFileUrl = ownKey === undefined ? fileUrl : undefined
  const isHttpAllowed = present(sources.environment[VARIABLES.allowHttp]) === '1'
  return {
    baseUrl: parseBaseUrl(ownUrl ?? countedFileUrl ?? defaultBaseUrl, { variable: baseUrlVariable, isHttpAllowed }),
    isHttpAllowed,
    warning:
      ownUrl === undefined && fileUrl !== countedFileUrl
        ? `${baseUrlVariable} in .env is ignored, because ${keyVariable} comes from the environment.`
        : null,
  }
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
