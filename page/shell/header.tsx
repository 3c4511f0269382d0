import { useContext } from 'preact/hooks'
import { useConnection } from '../data/use-connection.ts'
import { Said } from '../parts/said.tsx'
import { COMPARE, REMOTE, type Route, RUNS } from './route.ts'
import { SessionContext } from './session.ts'
import { THEMES, type Theme, useTheme } from './theme.ts'

const PLACES = [
  ['Runs', RUNS, ['runs', 'run', 'rows']],
  ['Compare', COMPARE, ['compare']],
  ['Remote', REMOTE, ['remote']],
] as const

/** Name, places, how live the page is, theme and help. */
export function Header({ onHelp, route }: { readonly route: Route; readonly onHelp: () => void }) {
  const session = useContext(SessionContext)
  const [theme, chooseTheme] = useTheme()
  return (
    <>
      <header class="top">
        <a class="brand" href={RUNS} aria-label="llm-batch, all runs">
          <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
            <rect x="3" y="5" width="26" height="6" rx="2" />
            <rect x="3" y="13" width="19" height="6" rx="2" />
            <rect x="3" y="21" width="12" height="6" rx="2" />
          </svg>
          <span>llm-batch</span>
        </a>
        <nav aria-label="Screens">
          {PLACES.map(([word, href, screens]) => (
            <a key={href} href={href} aria-current={screens.some((name) => name === route.screen) ? 'page' : undefined}>
              {word}
            </a>
          ))}
        </nav>
        <span class="home" title="The home whose runs are shown">
          {session ? <Said text={session.home} /> : null}
        </span>
        <ConnectionSign />
        <select
          class="theme"
          aria-label="Theme"
          value={theme}
          onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}
        >
          {THEMES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <button type="button" class="quiet help" aria-label="Keys" onClick={onHelp}>
          ?
        </button>
      </header>
      <ConnectionBar />
    </>
  )
}

const SIGNS = { connecting: 'connecting', live: 'live', lost: 'offline', unknown: 'offline' } as const

function ConnectionSign() {
  const { connection } = useConnection()
  return (
    <span class={`connection is-${connection}`} role="status">
      <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
        <circle cx="6" cy="6" r="4" />
      </svg>
      {SIGNS[connection]}
    </span>
  )
}

function ConnectionBar() {
  const { connection, trouble } = useConnection()
  if (connection === 'lost') {
    return (
      <p class="bar" role="alert">
        The connection to llm-batch ui is lost: what you see may be old. Trying again every two seconds.
      </p>
    )
  }
  if (connection === 'unknown') {
    return (
      <p class="bar" role="alert">
        llm-batch ui was started anew: open the address that it printed, with its token.
      </p>
    )
  }
  if (trouble === null) return null
  return (
    <p class="bar" role="alert">
      The home cannot be read just now: <Said text={trouble} />
    </p>
  )
}
