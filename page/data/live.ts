import type { LiveEvents, RunSummary } from '../../src/ui/contract.ts'
import { AskFailure, ask } from './ask.ts'

/** How the page hears of changes just now; `unknown` to a server that was started anew and has another token. */
export type Connection = 'connecting' | 'live' | 'lost' | 'unknown'

/** Something that was heard. `again` says that changes may have been missed, so what is shown is asked for anew. */
export type News =
  | { readonly kind: 'again' }
  | { readonly kind: 'connection' }
  | { readonly kind: 'run'; readonly run: RunSummary }
  | { readonly kind: 'removed'; readonly id: string }

/** The server says something every fifteen seconds; silence for three times as long is a lost connection. */
const SILENCE_MS = 45_000
const TRY_AGAIN_MS = 2_000

const listeners = new Set<(news: News) => void>()
let connection: Connection = 'connecting'
let offsetMs = 0
let trouble: string | null = null
let wasLost = false

/** Calls for everything that is heard; the answer ends that. */
export function listen(listener: (news: News) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function currentConnection(): Connection {
  return connection
}

/** Why the server cannot read the home just now; null where it can. */
export function currentTrouble(): string | null {
  return trouble
}

/** The server's clock, by which all instants count. */
export function serverNow(): number {
  return Date.now() + offsetMs
}

/** The present stream; none while the page is hidden, or waits to try again. */
let stop: (() => void) | undefined

/**
 * Listens to the server from now on; connects again by itself. A page that is hidden does not listen: a browser has six
 * connections for all its pages of one address, and each stream takes one.
 */
export function startListening(): void {
  document.addEventListener('visibilitychange', () => {
    stop?.()
    wasLost = true
    if (!document.hidden) connect()
  })
  if (!document.hidden) connect()
}

function connect(): void {
  const source = new EventSource('api/live')
  let silence = setTimeout(lose, SILENCE_MS)
  stop = () => {
    clearTimeout(silence)
    source.close()
    stop = undefined
  }

  function lose(): void {
    stop?.()
    if (connection !== 'unknown') become('lost')
    waitAndTry()
  }

  function hear<Name extends keyof LiveEvents>(name: Name, take: (data: LiveEvents[Name]) => void): void {
    source.addEventListener(name, (event) => {
      clearTimeout(silence)
      silence = setTimeout(lose, SILENCE_MS)
      take(JSON.parse((event as MessageEvent<string>).data) as LiveEvents[Name])
    })
  }

  hear('hello', ({ now }) => {
    offsetMs = now - Date.now()
    become('live')
    if (wasLost) tell({ kind: 'again' })
    wasLost = false
  })
  hear('beat', ({ now }) => {
    offsetMs = now - Date.now()
    become('live')
  })
  hear('run', (run) => {
    become('live')
    tell({ kind: 'run', run })
  })
  hear('removed', ({ id }) => tell({ kind: 'removed', id }))
  hear('trouble', ({ error }) => {
    trouble = error.message
    tell({ kind: 'connection' })
  })
  // A browser that tries again by itself does so for seconds; what is shown may be old from now on.
  source.addEventListener('error', lose)
}

function waitAndTry(): void {
  const timer = setTimeout(() => {
    stop = undefined
    void tryAgain()
  }, TRY_AGAIN_MS)
  stop = () => {
    clearTimeout(timer)
    stop = undefined
  }
}

/** A stream does not say why it is refused, so another question goes before it. */
async function tryAgain(): Promise<void> {
  try {
    await ask('session')
    if (mayConnect()) connect()
  } catch (error) {
    become(error instanceof AskFailure && error.code === 'unauthorized' ? 'unknown' : 'lost')
    if (mayConnect()) waitAndTry()
  }
}

/** False where the page was hidden meanwhile, or was shown again and listens already. */
function mayConnect(): boolean {
  return !document.hidden && stop === undefined
}

function become(next: Connection): void {
  const isNew = connection !== next || (next === 'live' && trouble !== null)
  if (next === 'lost' || next === 'unknown') wasLost = true
  connection = next
  if (next === 'live') trouble = null
  if (isNew) tell({ kind: 'connection' })
}

function tell(news: News): void {
  for (const listener of listeners) listener(news)
}
