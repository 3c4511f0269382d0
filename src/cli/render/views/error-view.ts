import { inspect } from 'node:util'
import { formatDuration } from '../../../lib/duration.ts'
import { plainLine, plainText } from '../../../lib/plain-text.ts'
import { LlmBatchError } from '../../../model/error.ts'
import { inFlags } from '../../../model/options/mention.ts'
import { type Failure, ProviderError } from '../../../providers/provider.ts'
import type { Colors } from '../terminal/colors.ts'

/**
 * What is printed when a command fails: a known error as one line and the next step; any other is a bug of ours and
 * keeps its stack.
 */
export function renderError(error: unknown, colors: Colors): string {
  if (LlmBatchError.isInstance(error)) {
    const { message, next } = error.inWords(inFlags)
    return knownError(plainText(message), next, colors)
  }
  if (error instanceof ProviderError) {
    const { message, next } = failureWords(error.failure)
    return knownError(message, next, colors)
  }
  return `${colors.red('bug:')} ${plainText(inspect(error))}\n`
}

function knownError(message: string, next: string, colors: Colors): string {
  const line = `${colors.red('error:')} ${message}\n`
  return next === '' ? line : `${line}${colors.dim('next:')} ${plainText(next)}\n`
}

/** What a provider's refusal says, and what to do next; empty where there is nothing sensible to say. */
export function failureWords(failure: Failure): { readonly message: string; readonly next: string } {
  return { message: failureText(failure), next: nextStepAfter(failure) }
}

function failureText({ message, status, code, requestId }: Failure): string {
  const details = [
    status === null ? null : `HTTP ${status}`,
    code,
    requestId === null ? null : `request ${requestId}`,
  ].filter((detail) => detail !== null)
  return plainLine(details.length === 0 ? message : `${message} (${details.join(', ')})`)
}

function nextStepAfter({ kind, retryAfterMs }: Failure): string {
  switch (kind) {
    case 'unreached':
      return 'Check the network, the proxy settings and the base URL, with: llm-batch doctor'
    case 'transport':
      return 'Run the same command again; it goes on where it stopped.'
    case 'throttled': {
      const wait = retryAfterMs === null ? 'a while' : formatDuration(retryAfterMs)
      return `Wait ${wait}, then run the same command again; it goes on where it stopped.`
    }
    case 'server':
      return 'The provider reports a failure: wait a while, then run the same command again; it goes on where it stopped.'
    case 'shape':
      return 'The answer does not come from the API: check the base URL and the proxy settings, with: llm-batch doctor'
    case 'unauthorised':
      return 'Check the API key in the environment, with: llm-batch doctor'
    case 'forbidden':
      return 'Check what the key may do, with: llm-batch doctor; and the credit of the account.'
    case 'absent':
      return 'Check the base URL and the name of the model.'
    case 'too_large':
    case 'refused':
      return ''
  }
}
