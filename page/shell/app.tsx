import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Session } from '../../src/ui/contract.ts'
import { CompareScreen } from '../compare/compare-screen.tsx'
import { useAnswer } from '../data/use-answer.ts'
import { RemoteScreen } from '../remote/remote-screen.tsx'
import { RowsScreen } from '../rows/rows-screen.tsx'
import { RunScreen } from '../run/run-screen.tsx'
import { RunsScreen } from '../runs/runs-screen.tsx'
import { Header } from './header.tsx'
import { useKeys } from './keys.ts'
import { KeysHelp } from './keys-help.tsx'
import { type Route, useRoute } from './route.ts'
import { SessionContext } from './session.ts'

/** The whole page. */
export function App() {
  const route = useRoute()
  const session = useAnswer<Session>('session')
  const [isHelpOpen, setHelpOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  useKeys(useCallback(() => setHelpOpen(true), []))
  useArrival(route, main)
  return (
    <SessionContext.Provider value={session.value ?? null}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the content
      </a>
      <Header route={route} onHelp={() => setHelpOpen(true)} />
      <main ref={main} id="main" tabIndex={-1}>
        <Screen route={route} />
      </main>
      {isHelpOpen ? <KeysHelp onClose={() => setHelpOpen(false)} /> : null}
    </SessionContext.Provider>
  )
}

function Screen({ route }: { readonly route: Route }) {
  switch (route.screen) {
    case 'runs':
      return <RunsScreen />
    case 'run':
      return <RunScreen key={route.run} id={route.run} />
    case 'rows':
      return <RowsScreen key={route.run} id={route.run} search={route.search} />
    case 'compare':
      return <CompareScreen search={route.search} />
    case 'remote':
      return <RemoteScreen />
  }
}

/** Where another screen is shown, readers of the screen and the keyboard begin at its top, as on a new page. */
function useArrival(route: Route, main: { readonly current: HTMLElement | null }): void {
  const place = route.screen === 'run' || route.screen === 'rows' ? `${route.screen} ${route.run}` : route.screen
  const shown = useRef(place)
  useEffect(() => {
    document.title = `${place} · llm-batch`
    if (shown.current === place) return
    shown.current = place
    scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [place, main])
}
