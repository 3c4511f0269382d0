import { systemClock } from '../lib/clock.ts'
import { runCommand } from '../lib/command.ts'
import { plainLine } from '../lib/plain-text.ts'
import { LlmBatchError } from '../model/error.ts'

/** Source of tokens that a command of the user's prints. They are kept in memory alone. */
export interface TokenSource {
  /** The words of the command. They stand for the account, because its tokens change. */
  readonly command: readonly string[]
  /** Every token so far, so that none is shown; grows. */
  readonly given: readonly string[]
  /** The last token, or a new one where that is too old. Throws `configuration` where the command fails. */
  current(): Promise<string>
  /** A token in place of one that the provider refused. Throws like `current`. */
  insteadOf(refused: string): Promise<string>
}

/** A command that asks for a login in a browser is waited for as long. */
const MOST_COMMAND_MS = 60_000

/** A source that asks the command again once its token is so many minutes old. */
export function tokenSource(command: readonly string[], minutes: number, environment: NodeJS.ProcessEnv): TokenSource {
  const given: string[] = []
  let last: { readonly token: string; readonly at: number } | undefined
  let asking: Promise<string> | undefined

  const ask = async (): Promise<string> => {
    const token = await askCommand(command, given, environment)
    if (!given.includes(token)) given.push(token)
    last = { token, at: systemClock.now() }
    return token
  }
  const asked = (): Promise<string> => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }
  return {
    command,
    given,
    current: async () => {
      const isYoung = last !== undefined && Math.abs(systemClock.now() - last.at) < minutes * 60_000
      return last !== undefined && isYoung ? last.token : await asked()
    },
    // Of several calls that were refused with one token, the first has it asked for again.
    insteadOf: async (refused) => (last !== undefined && last.token !== refused ? last.token : await asked()),
  }
}

async function askCommand(
  command: readonly string[],
  given: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const { code, stderr, stdout } = await runCommand(command, { environment, timeoutMs: MOST_COMMAND_MS })
  const token = stdout.trim()
  if (code === 0 && /^[\x21-\x7e]+$/.test(token)) return token
  const program = plainLine(command[0] ?? '', 60)
  const what =
    code !== 0
      ? `ended with ${code}${said(stderr, given)}`
      : token === ''
        ? `printed nothing${said(stderr, given)}`
        : 'printed something other than one token'
  throw new LlmBatchError('configuration', `the token command ${program} ${what}`, {
    next: 'Run the command yourself to see why; it must print a token and nothing else.',
  })
}

/** The first line of what a program complained of, without a token in it. */
function said(stderr: string, given: readonly string[]): string {
  const [line = ''] = stderr.trim().split('\n')
  const clean = given.reduce((text, token) => text.replaceAll(token, '***'), line)
  const text = plainLine(clean.replace(/eyJ[\w-]+(?:\.[\w-]*)*/g, '***'), 200)
  return text === '' ? '' : `: ${text}`
}
