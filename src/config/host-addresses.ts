import { parseBaseUrl } from './base-url.ts'
import type { Environment } from './credentials.ts'
import { VARIABLES } from './variables.ts'

/** The hosts of a file, with their addresses checked. Throws `configuration` for one that may not be given a key. */
export function checkedHosts<Host extends { readonly baseUrl: string }>(
  hosts: Readonly<Record<string, Host>>,
  environment: Environment,
  isFound: boolean,
): Readonly<Record<string, Host & { readonly isFound: boolean }>> {
  const isHttpAllowed = environment[VARIABLES.allowHttp] === '1'
  return Object.fromEntries(
    Object.entries(hosts).map(([name, host]) => {
      const baseUrl = parseBaseUrl(host.baseUrl, { variable: `hosts.${name}.baseUrl`, isHttpAllowed })
      return [name, { ...host, baseUrl, isFound }]
    }),
  )
}
