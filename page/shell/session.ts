import { createContext } from 'preact'
import type { Session } from '../../src/ui/contract.ts'

/** Facts of the server; null until it has told them. */
export const SessionContext = createContext<Session | null>(null)
