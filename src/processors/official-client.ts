import { createRequire } from 'node:module'
import { LlmBatchError } from '../model/error.ts'

/**
 * An optional package, loaded now and not before, so that only who uses it needs it. Synchronous, so that `client` is a
 * plain property; every supported Node can load ES modules this way. `from` is the file or folder that it is looked for
 * from. Throws `LlmBatchError`, saying what to install, where there is no such package.
 */
export function loadPackage(name: string, from: string = import.meta.url): unknown {
  try {
    return createRequire(from)(name)
  } catch (error) {
    if (!isMissing(error, name)) throw error
    throw new LlmBatchError('configuration', `The official client needs the package ${name}, which is not installed.`, {
      next: `Run: npm install ${name}`,
      cause: error,
    })
  }
}

/** True where it is this package that is missing, not one that it needs itself. */
function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'MODULE_NOT_FOUND' &&
    error.message.startsWith(`Cannot find module '${name}'`)
  )
}
