import { Context, LiquidError, type Template as Node } from 'liquidjs'
import { messageOf } from '../../model/error.ts'
import type { Row } from '../../model/row.ts'
import { ExactNumber, exactJson, withExactNumbers } from '../exact-numbers.ts'
import { sourceOf, textOf } from './column-text.ts'
import { createLiquid } from './liquid-engine.ts'
import { type Path, parseLiquid } from './liquid-parse.ts'
import type { Filled, Template } from './template.ts'

/** The name under which a template reaches columns whose own names it cannot spell: `row["first name"]`. */
const WHOLE_ROW = 'row'

/** The row that is being filled in, as the template sees it; filling is synchronous, so there is one at a time. */
let filling: { readonly row: Row; readonly record: Readonly<Record<string, unknown>> } | undefined

const liquid = createLiquid((value) => printed(value))

/**
 * Reads a template of tags and filters. Plain placeholders mean what they mean in `compileTemplate`; an absent column is
 * missing, unless the filter `default` stands behind it. Every column is also in `row`.
 * @throws LlmBatchError `usage` with line and column of a mistake; `what` names the template
 */
export function compileLiquid(template: string, what: string): Template {
  const { nodes, paths } = parseLiquid(liquid, template, what)
  const roots = new Set(paths.map(([root]) => root ?? ''))
  return {
    placeholders: paths.map((path) => path.join('.')),
    fill: (row) => fill(nodes, { row, paths, roots }),
  }
}

interface Filling {
  readonly row: Row
  readonly paths: readonly Path[]
  readonly roots: ReadonlySet<string>
}

function fill(nodes: Node[], { paths, roots, row }: Filling): Filled {
  const record = withExactNumbers(row.json) ?? row.record
  const scope: Scope = Object.assign(Object.create(null), { [WHOLE_ROW]: record }, record)
  filling = { row, record }
  try {
    const text = liquid.renderSync(nodes, new RowContext(scope)) as string
    return { text, missing: [], isEmpty: paths.length > 0 && paths.every((path) => isEmptyAt(scope, path)) }
  } catch (error) {
    return { text: '', isEmpty: false, ...whatWentWrong(error, row, roots) }
  } finally {
    filling = undefined
  }
}

/** Meaning of names in a row; a column of this name wins over `row` as the whole. */
type Scope = Record<string, unknown>

/** Looks names up as plain templates do: a column of exactly this name, points included, wins over a path. */
class RowContext extends Context {
  constructor(scope: Scope) {
    super(scope, liquid.options, { sync: true }, { liquid })
  }

  override *_getFromScope(...[scope, path, isStrict]: Parameters<Context['_getFromScope']>): IterableIterator<unknown> {
    const isOfRow = scope === this.environments || scope === this.globals
    const keys = Array.isArray(path) ? path.filter((key) => typeof key !== 'object') : []
    const name = keys.join('.')
    const isWhole = keys.length > 1 && keys.length === path.length
    if (isOfRow && isWhole && Object.hasOwn(this.environments, name)) return (this.environments as Scope)[name]
    return yield* super._getFromScope(scope, path, isStrict)
  }
}

function isEmptyAt(scope: Scope, path: Path): boolean {
  const name = path.join('.')
  let value: unknown = scope
  for (const key of Object.hasOwn(scope, name) ? [name] : path) {
    value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  }
  if (typeof value === 'string') return value.trim() === ''
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0)
}

/** A column that is absent is told as such; everything else that stops a template is told in the library's words. */
function whatWentWrong(error: unknown, row: Row, roots: ReadonlySet<string>): Pick<Filled, 'missing' | 'failure'> {
  if (!LiquidError.is(error)) throw error
  const { variableName } = (error.originalError ?? {}) as { readonly variableName?: string }
  const path = variableName?.split('.') ?? []
  const isInRow = path[0] === WHOLE_ROW && path.length > 1 && !Object.hasOwn(row.record, WHOLE_ROW)
  if (variableName !== undefined && roots.has(path[0] ?? '')) {
    return { missing: [isInRow ? path.slice(1).join('.') : variableName] }
  }
  return { missing: [], failure: messageOf(error).split('\n')[0] ?? '' }
}

/** What a value between braces looks like: text as it is, null as nothing, everything else as the user's JSON. */
function printed(value: unknown): string {
  if (value instanceof ExactNumber) return value.source
  return textOf(value, () => (isObject(value) ? (sourceIn(value) ?? exactJson(value)) : undefined))
}

function sourceIn(value: object): string | undefined {
  if (!filling) return undefined
  if (value === filling.record) return filling.row.json
  const path = pathTo(value, filling.record)
  return path && sourceOf(filling.row, path)()
}

/** Where a value itself, not its like, lies in an object; what lies in a list has no source of its own. */
function pathTo(value: object, within: Readonly<Record<string, unknown>>): Path | undefined {
  for (const [key, member] of Object.entries(within)) {
    if (member === value) return [key]
    const inner = isObject(member) && !Array.isArray(member) ? pathTo(value, member) : undefined
    if (inner) return [key, ...inner]
  }
  return undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
