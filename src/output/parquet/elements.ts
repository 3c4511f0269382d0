import type { SchemaElement } from 'hyparquet-writer'
import type { ColumnType, LeafType } from '../../model/column.ts'

/** The most digits that four and eight bytes hold. */
const DIGITS_OF_32_BITS = 9
const DIGITS_OF_64_BITS = 18

/** How a column of this type is described in a Parquet file, its parts after it; every value may be null. */
export function elementsOf(name: string, type: ColumnType): SchemaElement[] {
  if (type.kind === 'list') {
    return [
      { ...group(name, 1), converted_type: 'LIST', logical_type: { type: 'LIST' } },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elementsOf('element', type.element),
    ]
  }
  if (type.kind === 'map') {
    const [key, ...inside] = elementsOf('key', type.key)
    return [
      { ...group(name, 1), converted_type: 'MAP', logical_type: { type: 'MAP' } },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      ...(key ? [{ ...key, repetition_type: 'REQUIRED' as const }] : []),
      ...inside,
      ...elementsOf('value', type.value),
    ]
  }
  if (type.kind === 'struct') {
    return [group(name, type.fields.length), ...type.fields.flatMap((field) => elementsOf(field.name, field.type))]
  }
  return [{ name, repetition_type: 'OPTIONAL', ...leaf(type) }]
}

function group(name: string, children: number): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', num_children: children }
}

type Leaf = Omit<SchemaElement, 'name'>

function leaf(type: LeafType): Leaf {
  switch (type.kind) {
    case 'boolean':
      return { type: 'BOOLEAN' }
    case 'integer':
      return integer(type)
    case 'float16':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } }
    case 'float':
      return { type: 'FLOAT' }
    case 'double':
      return { type: 'DOUBLE' }
    case 'decimal':
      return decimal(type)
    case 'string':
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
    case 'json':
      return { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } }
    case 'bytes':
      return { type: 'BYTE_ARRAY' }
    case 'uuid':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } }
    case 'date':
      return { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
    case 'time':
      return {
        type: type.unit === 'MILLIS' ? 'INT32' : 'INT64',
        logical_type: { type: 'TIME', isAdjustedToUTC: type.isUtc, unit: type.unit },
      }
    case 'timestamp':
      return { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: type.isUtc, unit: type.unit } }
  }
}

function integer({ bits, isSigned }: ColumnType & { readonly kind: 'integer' }): Leaf {
  const type = bits === 64 ? 'INT64' : 'INT32'
  if (isSigned && bits >= 32) return { type }
  // By the older name only: the library writes the width in the newer one with too many bits, and DuckDB refuses the file.
  return { type, converted_type: `${isSigned ? 'INT' : 'UINT'}_${bits}` }
}

function decimal({ precision, scale }: ColumnType & { readonly kind: 'decimal' }): Leaf {
  const shared = {
    converted_type: 'DECIMAL',
    logical_type: { type: 'DECIMAL', precision, scale },
    precision,
    scale,
  } as const
  if (precision <= DIGITS_OF_32_BITS) return { type: 'INT32', ...shared }
  if (precision <= DIGITS_OF_64_BITS) return { type: 'INT64', ...shared }
  // One bit for the sign.
  return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: Math.ceil((precision * Math.log2(10) + 1) / 8), ...shared }
}
