import { useEffect, useRef, useState } from 'preact/hooks'
import { AskFailure, ask } from './ask.ts'
import { listen } from './live.ts'

/** What is known of an answer: nothing yet, a failure, or a value, which stays while it is asked for again. */
export interface Asked<Answer> {
  readonly value: Answer | undefined
  readonly failure: AskFailure | undefined
  readonly isAsking: boolean
  readonly again: () => void
}

/** Answers are asked for anew at most so often, however much changes. */
const LEAST_PAUSE_MS = 1_000

/** The answer to a path, asked for again when the run changes (`any`: some run); null asks for nothing. */
export function useAnswer<Answer>(path: string | null, run: string | null = null): Asked<Answer> {
  const [state, setState] = useState<Omit<Asked<Answer>, 'again'> & { readonly path: string | null }>(nothing(path))
  const again = useRef<() => void>(() => undefined)
  useEffect(() => {
    if (path === null) return undefined
    const asking = askRepeatedly<Answer>(path, (next) => setState({ ...next, path }))
    again.current = asking.again
    const silence = listen((news) => {
      if (news.kind === 'again' || (news.kind === 'run' && (run === 'any' || news.run.id === run))) asking.again()
    })
    return () => {
      silence()
      asking.stop()
    }
  }, [path, run])
  // Between a new path and the effect that asks for it, the old answer must not be taken for the new one.
  const { failure, isAsking, value } = state.path === path ? state : nothing<Answer>(path)
  return { failure, isAsking, value, again: () => again.current() }
}

function nothing<Answer>(path: string | null): Omit<Asked<Answer>, 'again'> & { readonly path: string | null } {
  return { value: undefined, failure: undefined, isAsking: path !== null, path }
}

/** Asks at once, and again on each wish, one question at a time. */
function askRepeatedly<Answer>(path: string, take: (state: Omit<Asked<Answer>, 'again'>) => void) {
  const leaving = new AbortController()
  let isAsking = false
  let isWanted = false
  let value: Answer | undefined

  async function once(): Promise<void> {
    isAsking = true
    isWanted = false
    try {
      value = await ask<Answer>(path, leaving.signal)
      if (!leaving.signal.aborted) take({ value, failure: undefined, isAsking: false })
    } catch (error) {
      if (leaving.signal.aborted) return
      take({ value, failure: failureOf(error), isAsking: false })
    }
    setTimeout(() => {
      isAsking = false
      if (isWanted && !leaving.signal.aborted) void once()
    }, LEAST_PAUSE_MS)
  }

  void once()
  return {
    again: () => {
      isWanted = true
      if (!isAsking && !leaving.signal.aborted) void once()
    },
    stop: () => leaving.abort(),
  }
}

/** Any failure as one that can be shown. */
export function failureOf(error: unknown): AskFailure {
  return error instanceof AskFailure ? error : new AskFailure('unexpected', String(error), '')
}
