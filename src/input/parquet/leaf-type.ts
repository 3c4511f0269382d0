import type { SchemaElement } from 'hyparquet'
import type { LeafType, TimeUnit } from '../../model/column.ts'

/** Old and new names of the same annotations, by the Parquet format's list of converted types. */
const CONVERTED: Readonly<Record<string, LeafType>> = {
  UTF8: { kind: 'string' },
  ENUM: { kind: 'string' },
  JSON: { kind: 'json' },
  DATE: { kind: 'date' },
  TIME_MILLIS: { kind: 'time', unit: 'MILLIS', isUtc: true },
  TIME_MICROS: { kind: 'time', unit: 'MICROS', isUtc: true },
  TIMESTAMP_MILLIS: { kind: 'timestamp', unit: 'MILLIS', isUtc: true },
  TIMESTAMP_MICROS: { kind: 'timestamp', unit: 'MICROS', isUtc: true },
  UINT_8: { kind: 'integer', bits: 8, isSigned: false },
  UINT_16: { kind: 'integer', bits: 16, isSigned: false },
  UINT_32: { kind: 'integer', bits: 32, isSigned: false },
  UINT_64: { kind: 'integer', bits: 64, isSigned: false },
  INT_8: { kind: 'integer', bits: 8, isSigned: true },
  INT_16: { kind: 'integer', bits: 16, isSigned: true },
  INT_32: { kind: 'integer', bits: 32, isSigned: true },
  INT_64: { kind: 'integer', bits: 64, isSigned: true },
}

/** What the values are where nothing is said of them. */
const PHYSICAL: Readonly<Record<string, LeafType>> = {
  BOOLEAN: { kind: 'boolean' },
  INT32: { kind: 'integer', bits: 32, isSigned: true },
  INT64: { kind: 'integer', bits: 64, isSigned: true },
  // An instant by Spark and Impala, which know microseconds.
  INT96: { kind: 'timestamp', unit: 'MICROS', isUtc: true },
  FLOAT: { kind: 'float' },
  DOUBLE: { kind: 'double' },
}

/** The type of a leaf; bytes that nothing is said about are bytes, though some old writers mean text. */
export function leafType(element: SchemaElement): LeafType {
  const { converted_type, precision, scale, type } = element
  const logical = logicalType(element)
  if (logical) return logical
  if (converted_type === 'DECIMAL') return { kind: 'decimal', precision: precision ?? 38, scale: scale ?? 0 }
  return CONVERTED[converted_type ?? ''] ?? PHYSICAL[type ?? ''] ?? { kind: 'bytes' }
}

/** New names without further facts. */
const LOGICAL: Readonly<Record<string, LeafType>> = {
  STRING: { kind: 'string' },
  ENUM: { kind: 'string' },
  JSON: { kind: 'json' },
  DATE: { kind: 'date' },
  UUID: { kind: 'uuid' },
  FLOAT16: { kind: 'float16' },
}

/** The type by its newer name, where it has one. */
function logicalType({ logical_type: logical }: SchemaElement): LeafType | undefined {
  if (logical?.type === 'DECIMAL') return { kind: 'decimal', precision: logical.precision, scale: logical.scale }
  if (logical?.type === 'TIME') return timed('time', logical.unit, logical.isAdjustedToUTC)
  if (logical?.type === 'TIMESTAMP') return timed('timestamp', logical.unit, logical.isAdjustedToUTC)
  if (logical?.type === 'INTEGER') {
    return { kind: 'integer', bits: bitsOf(logical.bitWidth), isSigned: logical.isSigned }
  }
  return LOGICAL[logical?.type ?? '']
}

function timed(kind: 'time' | 'timestamp', unit: TimeUnit, isUtc: boolean): LeafType {
  return { kind, unit, isUtc }
}

function bitsOf(width: number): 8 | 16 | 32 | 64 {
  return width === 8 || width === 16 || width === 64 ? width : 32
}
