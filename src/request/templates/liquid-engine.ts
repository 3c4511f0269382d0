import { type FilterImplOptions, Liquid } from 'liquidjs'
import { ExactNumber, exactJson } from '../exact-numbers.ts'

/** The longest that one row may take; a template that needs more loops without end, or nearly so. */
const MOST_RENDER_MS = 1_000

/** The most objects that filters and ranges may make for one row. */
const MOST_OBJECTS = 1_000_000

/** Tags that read other templates, change the row, or print past our own rule of what a value looks like as text. */
const WITHOUT_TAGS = [
  'include',
  'render',
  'layout',
  'block',
  'increment',
  'decrement',
  'tablerow',
  'echo',
  'liquid',
] as const

/** Filters that read their argument as code, differ from time to time, make promises, or go round our own printing. */
const WITHOUT_FILTERS = /_exp$|^(?:sample|sha256|hmac_sha256|raw)$/

const DATE_FILTERS = ['date', 'date_to_xmlschema', 'date_to_rfc822', 'date_to_string', 'date_to_long_string'] as const

/**
 * Liquid in its strict mode, without files, other templates, randomness or the time of now, so that a template gives the
 * same text for the same row wherever and whenever it is filled. `print` makes text of what stands between braces.
 */
export function createLiquid(print: (value: unknown) => string): Liquid {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    outputEscape: print,
    renderLimit: MOST_RENDER_MS,
    memoryLimit: MOST_OBJECTS,
    // With templates given, none is looked for on the disk.
    templates: {},
    timezoneOffset: 0,
    locale: 'en-US',
  })
  for (const tag of WITHOUT_TAGS) delete liquid.tags[tag]
  for (const filter of Object.keys(liquid.filters)) {
    if (WITHOUT_FILTERS.test(filter)) delete liquid.filters[filter]
  }
  for (const name of DATE_FILTERS) liquid.registerFilter(name, withoutNow(liquid.filters[name]))
  const json = liquid.filters['json']
  for (const name of ['json', 'jsonify']) liquid.registerFilter(name, withExactJson(json))
  liquid.registerFilter('default', withExactNumber(liquid.filters['default']))
  return liquid
}

type Handler = Extract<FilterImplOptions, (...values: never[]) => unknown>

function handlerOf(filter: FilterImplOptions | undefined): Handler {
  if (typeof filter === 'function') return filter
  if (filter === undefined) throw new Error('a filter is gone from the library')
  return filter.handler
}

function withoutNow(filter: FilterImplOptions | undefined): Handler {
  const handler = handlerOf(filter)
  return function (value: unknown, ...rest: unknown[]) {
    if (value !== 'now' && value !== 'today') return handler.call(this, value, ...rest)
    throw new Error(`"${value}" gives another time on every call: write the date itself`)
  }
}

/** A number is not empty and stays as the user wrote it. */
function withExactNumber(filter: FilterImplOptions | undefined): Handler {
  const handler = handlerOf(filter)
  return function (value: unknown, ...rest: unknown[]) {
    return value instanceof ExactNumber ? value : handler.call(this, value, ...rest)
  }
}

/** Without a number of spaces, numbers and all stay as the user wrote them. */
function withExactJson(filter: FilterImplOptions | undefined): Handler {
  const handler = handlerOf(filter)
  return function (value: unknown, ...rest: unknown[]) {
    return rest.length === 0 ? exactJson(value ?? null) : handler.call(this, value, ...rest)
  }
}
