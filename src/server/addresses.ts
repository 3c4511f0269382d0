import { DIALECT } from './dialects.ts'
import type { LocalServer } from './options.ts'

/** The place where clients of one dialect find the server, and the variables in which their SDKs look for it. */
interface Address {
  readonly baseUrlVariable: string
  readonly keyVariable: string
  readonly url: string
}

/** The addresses of a server, one for each dialect that it speaks. */
export function addressesOf({ url }: Pick<LocalServer, 'url'>): readonly Address[] {
  return Object.values(DIALECT).map(({ address: { baseUrlVariable, keyVariable, path } }) => ({
    baseUrlVariable,
    keyVariable,
    url: `${url}${path}`,
  }))
}
