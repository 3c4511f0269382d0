import { useEffect, useState } from 'preact/hooks'

/** Screens by name, and what each is about. It stands in the address after `#`, which no server sees. */
export type Route =
  | { readonly screen: 'runs' }
  | { readonly screen: 'run'; readonly run: string }
  | { readonly screen: 'rows'; readonly run: string; readonly search: URLSearchParams }
  | { readonly screen: 'compare'; readonly search: URLSearchParams }
  | { readonly screen: 'remote' }

/** Reads what follows `#`; anything unknown is the list of runs. */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [first, run, third] = path.split('/').map(decoded)
  const search = new URLSearchParams(query)
  if (first === 'compare') return { screen: 'compare', search }
  if (first === 'remote') return { screen: 'remote' }
  if (first !== 'runs' || !run) return { screen: 'runs' }
  return third === 'rows' ? { screen: 'rows', run, search } : { screen: 'run', run }
}

/** A part of an address; one that is damaged stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export const RUNS = '#/runs'
export const COMPARE = '#/compare'
export const REMOTE = '#/remote'

/** The address of one run. */
export function runHref(run: string): string {
  return `#/runs/${encodeURIComponent(run)}`
}

/** The address of its rows with these filters; those of a record that are undefined, null or empty are left out. */
export function rowsHref(
  run: string,
  filters: Readonly<Record<string, string | number | null | undefined>> | URLSearchParams = {},
): string {
  const search = filters instanceof URLSearchParams ? filters : new URLSearchParams()
  if (!(filters instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(filters)) {
      if (value !== undefined && value !== null && value !== '') search.append(name, String(value))
    }
  }
  const query = search.toString()
  return `${runHref(run)}/rows${query === '' ? '' : `?${query}`}`
}

/** The address of a comparison. */
export function compareHref(search: URLSearchParams): string {
  return `${COMPARE}?${search}`
}

/** The screen above, which Esc leads to; null where there is none. */
export function above(route: Route): string | null {
  switch (route.screen) {
    case 'runs':
      return null
    case 'rows':
      return route.search.has('row') ? rowsHref(route.run, without(route.search, 'row')) : runHref(route.run)
    case 'run':
    case 'compare':
    case 'remote':
      return RUNS
  }
}

/** The same parameters without some. */
export function without(search: URLSearchParams, ...names: readonly string[]): URLSearchParams {
  const rest = new URLSearchParams(search)
  for (const name of names) rest.delete(name)
  return rest
}

/** Goes to an address without leaving the present one in the history. */
export function replaceHref(href: string): void {
  location.replace(href)
}

/** The present route, anew whenever it changes. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const follow = (): void => setHash(location.hash)
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return routeOf(hash)
}
