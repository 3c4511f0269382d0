import { useEffect, useState } from 'preact/hooks'
import { type Connection, currentConnection, currentTrouble, listen } from './live.ts'

/** How the page hears of changes, and why the server cannot read the home; null where it can. */
export function useConnection(): { readonly connection: Connection; readonly trouble: string | null } {
  const [state, setState] = useState(present)
  useEffect(() => listen(({ kind }) => (kind === 'connection' ? setState(present()) : undefined)), [])
  return state
}

function present() {
  return { connection: currentConnection(), trouble: currentTrouble() }
}
