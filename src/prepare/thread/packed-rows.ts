import type { PlannableRequest, PreparedRow } from '../../batching/prepared-row.ts'
import type { Column } from '../../model/column.ts'
import type { Problem } from '../../model/problem.ts'
import { type Target, targetKey } from '../../model/target.ts'

/** Facts that rows which follow each other mostly have in common. */
interface Frame {
  /** Number of the table of its file among all tables, in the order in which they came; null for a row without one. */
  readonly table: number | null
  readonly names: readonly string[]
  readonly file: string | null
  /** Where the requests go; null for rows that cannot be sent. */
  readonly target: Target | null
  readonly mostOutputTokens: number | null
  readonly hasEmptyPlaceholders: boolean
}

/**
 * A list of prepared rows, column by column, as it goes from one thread to another: objects with as many members as a row
 * has take several times as long to be copied.
 */
export interface PackedRows {
  readonly lines: readonly number[]
  readonly ids: readonly (string | null)[]
  readonly jsons: readonly string[]
  /** Null for a row that cannot be sent. */
  readonly bodies: readonly (string | null)[]
  readonly identities: readonly (string | null)[]
  readonly frames: readonly Frame[]
  /** The frame of each row. */
  readonly framed: readonly number[]
  /** What is wrong with rows, by their places in the list. */
  readonly problems: ReadonlyMap<number, readonly Problem[]>
  /** Tables that no list before has named. */
  readonly tables: readonly (readonly Column[])[]
  /** Characters of its texts. */
  readonly characters: number
}

/** Packs the lists of one input, in their order. */
export class RowPacker {
  readonly #tables = new Map<readonly Column[], number>()

  /** Packs the next list. */
  pack(rows: readonly PreparedRow[]): PackedRows {
    const tables: (readonly Column[])[] = []
    const frames: Frame[] = []
    const framed: number[] = []
    const problems = new Map<number, readonly Problem[]>()
    let characters = 0
    let last: PreparedRow | undefined
    for (const [place, row] of rows.entries()) {
      if (last === undefined || !isAlike(row, last)) frames.push(this.#frameOf(row, tables))
      framed.push(frames.length - 1)
      last = row
      if (row.problems.length > 0) problems.set(place, row.problems)
      characters += row.json.length + (row.request?.body.length ?? 0)
    }
    return {
      lines: rows.map(({ line }) => line),
      ids: rows.map(({ id }) => id),
      jsons: rows.map(({ json }) => json),
      bodies: rows.map(({ request }) => request?.body ?? null),
      identities: rows.map(({ request }) => request?.identity ?? null),
      frames,
      framed,
      problems,
      tables,
      characters,
    }
  }

  #frameOf({ columns, file, hasEmptyPlaceholders, request }: PreparedRow, fresh: (readonly Column[])[]): Frame {
    const target = request?.target ?? null
    const mostOutputTokens = request?.mostOutputTokens ?? null
    const table = columns.table && this.#numberOf(columns.table, fresh)
    return { table, names: columns.names, file, target, mostOutputTokens, hasEmptyPlaceholders }
  }

  #numberOf(table: readonly Column[], fresh: (readonly Column[])[]): number {
    const known = this.#tables.get(table)
    if (known !== undefined) return known
    const number = this.#tables.size
    this.#tables.set(table, number)
    fresh.push(table)
    return number
  }
}

/** True where one frame serves both. */
function isAlike(one: PreparedRow, other: PreparedRow): boolean {
  return (
    one.request?.target === other.request?.target &&
    one.request?.mostOutputTokens === other.request?.mostOutputTokens &&
    one.hasEmptyPlaceholders === other.hasEmptyPlaceholders &&
    one.file === other.file &&
    one.columns.table === other.columns.table &&
    isSameList(one.columns.names, other.columns.names)
  )
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((name, at) => name === other[at]))
}

/** Makes rows of the packed lists of one input, in their order. */
export class RowUnpacker {
  /** One object for each target, as everything behind expects. */
  readonly #targets = new Map<string, Target>()
  readonly #tables: (readonly Column[])[] = []

  /** The rows of the next list. */
  unpack({ bodies, framed, frames, identities, ids, jsons, lines, problems, tables }: PackedRows): PreparedRow[] {
    this.#tables.push(...tables)
    const known = frames.map((frame) => this.#knownFrame(frame))
    return jsons.map((json, place) => {
      const { columns, file, hasEmptyPlaceholders, mostOutputTokens, target } = itemAt(known, itemAt(framed, place))
      const body = itemAt(bodies, place)
      const identity = itemAt(identities, place)
      const request: PlannableRequest | null =
        target === null || body === null || identity === null ? null : { target, body, mostOutputTokens, identity }
      const line = itemAt(lines, place)
      const id = itemAt(ids, place)
      return { line, id, json, columns, file, problems: problems.get(place) ?? [], request, hasEmptyPlaceholders }
    })
  }

  #knownFrame({ names, table, target, ...frame }: Frame) {
    const columns = { table: table === null ? null : itemAt(this.#tables, table), names }
    return { ...frame, columns, target: target && this.#knownTarget(target) }
  }

  #knownTarget(target: Target): Target {
    const key = targetKey(target)
    const known = this.#targets.get(key) ?? target
    this.#targets.set(key, known)
    return known
  }
}

/** What stands at a place; two threads of one program that disagree about a list are a mistake of ours. */
function itemAt<Item>(items: readonly Item[], place: number): Item {
  const item = items[place]
  if (item === undefined) throw new Error(`a packed list has nothing at place ${place}`)
  return item
}
