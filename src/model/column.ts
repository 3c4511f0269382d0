/**
 * The type of a column or of a value inside one, in the words of Parquet, which knows the most of them. Stored with a run,
 * so kinds are added and never renamed.
 */
export type ColumnType =
  | { readonly kind: PlainKind }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64; readonly isSigned: boolean }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** `isUtc` where the value is an instant, and not what a clock on some wall shows. */
  | { readonly kind: 'time' | 'timestamp'; readonly unit: TimeUnit; readonly isUtc: boolean }
  | { readonly kind: 'list'; readonly element: ColumnType }
  | { readonly kind: 'map'; readonly key: ColumnType; readonly value: ColumnType }
  | { readonly kind: 'struct'; readonly fields: readonly ColumnField[] }

/** The types of values that have no parts. */
export type LeafType = Exclude<ColumnType, { readonly kind: 'list' | 'map' | 'struct' }>

/** `json` is a value of any shape, kept as its JSON text. */
type PlainKind = 'boolean' | 'float16' | 'float' | 'double' | 'string' | 'json' | 'bytes' | 'date' | 'uuid'

export type TimeUnit = 'MILLIS' | 'MICROS' | 'NANOS'

export interface ColumnField {
  readonly name: string
  readonly type: ColumnType
}

/** A column of the user's input. */
export interface Column {
  readonly name: string
  /** Null where its format has no types (JSON lines), or its files disagree. */
  readonly type: ColumnType | null
}

/** A file of an input that has several, and where its rows begin. */
export interface InputFile {
  /** As the user gave it. */
  readonly path: string
  /** The ordinal of its first row. */
  readonly firstRow: number
}

/** Digits after the point of a second. */
export const FRACTION_DIGITS: Readonly<Record<TimeUnit, number>> = { MILLIS: 3, MICROS: 6, NANOS: 9 }

/** True where both say the same. */
export function isSameType(one: ColumnType | null, other: ColumnType | null): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
