import type { ByteWriter, ParquetWriter, SchemaElement } from 'hyparquet-writer'
import { jsonMembers } from '../../lib/json-members.ts'
import type { ColumnType } from '../../model/column.ts'
import type { RowOutcome } from '../../model/row.ts'
import { VERSION } from '../../version.ts'
import { type CostOf, outputOf } from '../answer.ts'
import type { AnswerShape } from '../answer-shape.ts'
import { COLUMNS } from '../columns.ts'
import { cellText } from '../csv-format.ts'
import type { OutputField } from '../fields.ts'
import { jsonAnswer, partOf, valueAt } from '../json-answer.ts'
import type { ByteSink, RowWriter } from '../row-writer.ts'
import { typeAtPath, typeOfSchema } from '../schema-shape.ts'
import { elementsOf } from './elements.ts'
import { TypeFinder } from './infer-types.ts'
import { MisfitError, type ValueOf, valueOf } from './values.ts'

/** A row group ends at whichever comes first; its rows are in memory until it is written. */
const GROUP_ROWS = 100_000
const GROUP_CHARACTERS = 8 * 1_024 * 1_024

const TEXT: ColumnType = { kind: 'string' }
const COUNT: ColumnType = { kind: 'integer', bits: 32, isSigned: true }

/** Kinds whose least and greatest value are worth a note in the file, so that readers can skip what they do not seek. */
const WITH_STATISTICS: ReadonlySet<ColumnType['kind']> = new Set(['boolean', 'integer', 'double', 'string', 'date'])

export interface ParquetOptions {
  readonly fields: readonly OutputField[]
  /** The types of the input's columns, for those whose field has none. */
  readonly types: ReadonlyMap<string, ColumnType>
  readonly shape: AnswerShape
  readonly costOf: CostOf
}

/** Facts of a row that are needed more than once. */
interface OpenRow {
  readonly row: RowOutcome
  /** The answer as JSON text; null where it is none. */
  readonly json: string | null
  readonly member: (name: string) => string | undefined
}

/** A column of the file. `cell` gives its value in a row. */
interface WrittenColumn {
  readonly name: string
  readonly type: ColumnType
  readonly cell: (row: OpenRow) => unknown
}

/**
 * Writes Parquet in row groups of bounded size, each handed on before the next is gathered. The schema is settled with
 * the first group: answers that are JSON of an unknown form get the type that its answers show.
 */
export function parquetWriter(options: ParquetOptions, sink: ByteSink): RowWriter {
  let group: Group | undefined
  /** Rows that the schema is to be settled by. */
  let first: RowOutcome[] = []
  let file: OpenFile | undefined
  let rows = 0
  let characters = 0

  /** The group to add to, with the rows that waited for it. */
  function settled(): Group {
    if (group) return group
    const waiting = first
    first = []
    group = new Group(columnsOf(options, () => waiting.map((row) => openRow(row, options))))
    for (const row of waiting) group.add(openRow(row, options))
    return group
  }

  async function writeGroup(): Promise<void> {
    const { columns, take } = settled()
    rows = 0
    characters = 0
    file ??= await openFile(columns, sink)
    await file.write(take())
  }

  return {
    async add(list) {
      for (const row of list) {
        if (!group && isOpen(options)) first.push(row)
        else settled().add(openRow(row, options))
        rows += 1
        characters += row.json.length + (row.result?.outcome.output?.length ?? 0)
        if (rows >= GROUP_ROWS || characters >= GROUP_CHARACTERS) await writeGroup()
      }
    },
    async finish() {
      if (rows > 0 || !file) await writeGroup()
      await file?.finish()
    },
    formulaCells: 0,
  }
}

/** True where only the answers can tell the type of their column. */
function isOpen({ shape }: ParquetOptions): boolean {
  return shape.kind === 'json' && shape.schema === null
}

/** The values of a row group, column by column, so that of a row no more is kept than what is written. */
class Group {
  readonly columns: readonly WrittenColumn[]
  #cells: unknown[][]

  constructor(columns: readonly WrittenColumn[]) {
    this.columns = columns
    this.#cells = columns.map(() => [])
  }

  add(row: OpenRow): void {
    for (const [at, { cell }] of this.columns.entries()) this.#cells[at]?.push(cell(row))
  }

  /** The values so far; begins the next group. */
  readonly take = (): readonly unknown[][] => {
    const cells = this.#cells
    this.#cells = this.columns.map(() => [])
    return cells
  }
}

function openRow(row: RowOutcome, { shape }: ParquetOptions): OpenRow {
  const members = jsonMembers(row.json)
  return {
    row,
    json: shape.kind === 'json' ? jsonAnswer(row) : null,
    member(name) {
      const place = members.get(name)
      return place && row.json.slice(place.start, place.end)
    },
  }
}

function columnsOf(
  { costOf, fields, shape, types }: ParquetOptions,
  firstRows: () => readonly OpenRow[],
): readonly WrittenColumn[] {
  const answers =
    shape.kind === 'json' ? answerColumn(shape.schema ? typeOfSchema(shape.schema) : seenType(firstRows())) : null
  return fields.map((field): WrittenColumn => {
    const { name } = field
    switch (field.kind) {
      case 'input': {
        const type = field.type ?? types.get(name) ?? { kind: 'json' as const }
        const value = valueOf(type)
        return { name, type, cell: ({ member }) => cellOf(member(name), value) }
      }
      case 'answer': {
        const { column } = field
        if (column === 'output' && answers) return { name, type: answers.type, cell: (row) => answers.of(row).value }
        const { of, type } = COLUMNS[column]
        return { name, type, cell: ({ row }) => of(row, costOf) }
      }
      case 'misfit':
        return { name, type: TEXT, cell: (row) => answers?.of(row).rest ?? null }
      case 'leaf': {
        const type = (shape.kind === 'json' && shape.schema ? typeAtPath(shape.schema, field.path) : undefined) ?? TEXT
        const value = valueOf(type)
        return {
          name,
          type,
          cell: ({ json, row }) => fittingOf(valueAt(json ?? jsonAnswer(row) ?? '', field.path), type, value),
        }
      }
      case 'part':
        return { name, type: TEXT, cell: ({ row }) => textOf(partOf(row.json, field.column, field.path)) }
      case 'line':
        return { name, type: COUNT, cell: ({ row }) => row.line }
    }
  })
}

/** A part of an answer in its type; null where it does not fit, since the whole answer stands elsewhere. */
function fittingOf(json: string | undefined, type: ColumnType, value: ValueOf): unknown {
  if (json === undefined || type === TEXT) return textOf(json)
  try {
    return value(json)
  } catch (error) {
    if (error instanceof MisfitError) return null
    throw error
  }
}

/** Text as it is, anything else as its JSON. */
function textOf(json: string | undefined): string | null {
  return json === undefined || json === 'null' ? null : cellText(json, { start: 0, end: json.length })
}

function cellOf(json: string | undefined, value: ValueOf): unknown {
  return json === undefined ? null : value(json)
}

/** An answer in the type of its column, and what did not fit. */
interface TypedAnswer {
  readonly value: unknown
  readonly rest: string | null
}

/** The column of answers that are JSON. */
function answerColumn(type: ColumnType) {
  let isWhole = true
  const value = valueOf(type, () => {
    isWhole = false
  })
  let last: { readonly row: OpenRow; readonly answer: TypedAnswer } | undefined

  function typed({ json, row }: OpenRow): TypedAnswer {
    const text = outputOf(row)
    if (json === null) return { value: null, rest: text }
    isWhole = true
    try {
      const fit = value(json)
      return { value: fit, rest: isWhole ? null : text }
    } catch (error) {
      if (!(error instanceof MisfitError)) throw error
      return { value: null, rest: text }
    }
  }

  return {
    type,
    of(row: OpenRow): TypedAnswer {
      if (last?.row !== row) last = { row, answer: typed(row) }
      return last.answer
    },
  }
}

/** A list where all answers are lists, such as vectors; anything else keeps its JSON text, which later answers fit too. */
function seenType(rows: readonly OpenRow[]): ColumnType {
  const finder = new TypeFinder()
  for (const { json } of rows) if (json !== null) finder.add(JSON.parse(json))
  const type = finder.type()
  return type.kind === 'list' ? withDoubles(type) : { kind: 'json' }
}

/** Whole numbers in the first vectors do not mean that there are no others. */
function withDoubles(type: ColumnType): ColumnType {
  if (type.kind === 'integer') return { kind: 'double' }
  return type.kind === 'list' ? { kind: 'list', element: withDoubles(type.element) } : type
}

interface OpenFile {
  write(cells: readonly unknown[][]): Promise<void>
  finish(): Promise<void>
}

async function openFile(columns: readonly WrittenColumn[], sink: ByteSink): Promise<OpenFile> {
  // Loaded when it is needed: no other format should wait for it.
  const library = await import('hyparquet-writer')
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(({ name, type }) => elementsOf(name, type)),
  ]
  const writer: ParquetWriter = new library.ParquetWriter({
    writer: sinkWriter(new library.ByteWriter(), sink),
    schema: schema.map(asText),
    createdBy: `llm-batch version ${VERSION}`,
  })
  return {
    async write(cells) {
      const columnData = columns.map(({ name, type }, at) => ({
        name,
        data: cells[at] ?? [],
        statistics: WITH_STATISTICS.has(type.kind),
        // A dictionary of numbers seldom helps, costs much for vectors, and takes zero below zero for zero.
        ...(isOfDoubles(type) ? { encoding: 'PLAIN' as const } : {}),
      }))
      await writer.write({ columnData, rowGroupSize: Math.max(1, cells[0]?.length ?? 0) })
    },
    async finish() {
      writer.schema = schema
      await writer.finish()
    },
  }
}

function isOfDoubles(type: ColumnType): boolean {
  return type.kind === 'list' ? isOfDoubles(type.element) : type.kind === 'double' || type.kind === 'float'
}

/** JSON is text as long as values are written, because the library would parse and serialise every value again. */
function asText(element: SchemaElement): SchemaElement {
  return element.converted_type === 'JSON'
    ? { ...element, converted_type: 'UTF8', logical_type: { type: 'STRING' } }
    : element
}

/** The library's buffer, emptied into the sink after each row group. */
function sinkWriter(buffer: ByteWriter, sink: ByteSink): ByteWriter & { flush(): Promise<void> } {
  const flush = async (): Promise<void> => {
    await sink.writeBytes(buffer.getBytes())
    buffer.index = 0
  }
  return Object.assign(buffer, { flush, finish: flush })
}
