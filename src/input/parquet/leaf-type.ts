import type { SchemaElement } from 'hyparquet'
import type { ColumnType, TimeUnit } from '../../model/column.ts'

/** Old and new names of the same annotations, by the Parquet format's list of converted types. */
const CONVERTED: Readonly<Record<string, ColumnType>> = {
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
const PHYSICAL: Readonly<Record<string, ColumnType>> = {
  BOOLEAN: { kind: 'boolean' },
  INT32: { kind: 'integer', bits: 32, isSigned: true },
  INT64: { kind: 'integer', bits: 64, isSigned: true },
  // An instant by Spark and Impala, which know microseconds.
  INT96: { kind: 'timestamp', unit: 'MICROS', isUtc: true },
  FLOAT: { kind: 'float' },
  DOUBLE: { kind: 'double' },
}

/** The type of a leaf; bytes that nothing is said about are bytes, though some old writers mean text. */
export function leafType({ converted_type, logical_type, precision, scale, type }: SchemaElement): ColumnType {
  switch (logical_type?.type) {
    case 'STRING':
    case 'ENUM':
      return { kind: 'string' }
    case 'JSON':
      return { kind: 'json' }
    case 'DATE':
      return { kind: 'date' }
    case 'UUID':
      return { kind: 'uuid' }
    case 'FLOAT16':
      return { kind: 'float16' }
    case 'DECIMAL':
      return { kind: 'decimal', precision: logical_type.precision, scale: logical_type.scale }
    case 'TIME':
      return timed('time', logical_type.unit, logical_type.isAdjustedToUTC)
    case 'TIMESTAMP':
      return timed('timestamp', logical_type.unit, logical_type.isAdjustedToUTC)
    case 'INTEGER':
      return { kind: 'integer', bits: bitsOf(logical_type.bitWidth), isSigned: logical_type.isSigned }
    default:
  }
  if (converted_type === 'DECIMAL') return { kind: 'decimal', precision: precision ?? 38, scale: scale ?? 0 }
  return CONVERTED[converted_type ?? ''] ?? PHYSICAL[type ?? ''] ?? { kind: 'bytes' }
}

function timed(kind: 'time' | 'timestamp', unit: TimeUnit, isUtc: boolean): ColumnType {
  return { kind, unit, isUtc }
}

function bitsOf(width: number): 8 | 16 | 32 | 64 {
  return width === 8 || width === 16 || width === 64 ? width : 32
}
