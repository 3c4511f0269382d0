import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet'
import type { ColumnType, LeafType } from '../../model/column.ts'
import { leafType } from './leaf-type.ts'

/** A column of a Parquet file: its type, and where its parts lie. */
export interface ParquetColumn {
  readonly name: string
  readonly node: ParquetNode
  /** The same in the schema that is handed to the library. */
  readonly tree: SchemaTree
}

/** A part of the schema and how its values are found in what the library puts together. */
export type ParquetNode =
  | { readonly kind: 'leaf'; readonly type: LeafType; readonly element: SchemaElement }
  | { readonly kind: 'list'; readonly element: ParquetNode; readonly inside: string | null }
  | {
      readonly kind: 'map'
      readonly entries: string
      readonly key: ParquetField
      readonly value: ParquetField | null
    }
  | { readonly kind: 'struct'; readonly fields: readonly ParquetField[] }

/** A field with the name by which the library knows it. */
interface ParquetField {
  readonly name: string
  readonly key: string
  readonly node: ParquetNode
}

/**
 * Our own reading of a file's schema. The library is handed another one with the same leaves: names are replaced by
 * unique ones, because it keeps values under joined names and in plain objects, where `a.b` meets `a` with `b` and
 * `__proto__` is lost; and annotations are taken away, because it would give numbers with fewer digits, a map as an
 * object, and all texts of a page at once.
 */
export function readSchema(metadata: FileMetaData): readonly ParquetColumn[] {
  let next = 0
  function read(path: readonly string[]): { named: NamedTree; tree: SchemaTree } {
    const at = next
    const element = metadata.schema[at]
    if (!element) throw new Error('the schema ends too early')
    next += 1
    const key = `c${at}`
    const parts = Array.from({ length: element.num_children ?? 0 }, () => read(at === 0 ? [] : [...path, key]))
    const named = { element, key, children: parts.map((part) => part.named) }
    const tree = {
      element: plainElement(named),
      path: at === 0 ? [] : [...path, key],
      children: parts.map((part) => part.tree),
      count: next - at,
    }
    return { named, tree }
  }
  const { named, tree } = read([])
  return named.children.map((child, index) => ({
    name: child.element.name,
    node: repeated(child),
    // The tree has the same children.
    tree: tree.children[index] as SchemaTree,
  }))
}

/** The schema's root, above the trees of its columns: the library looks for paths from there. */
const ROOT: SchemaTree = { element: { name: 'root' }, path: [], children: [], count: 1 }

interface NamedTree {
  readonly element: SchemaElement
  readonly key: string
  readonly children: readonly NamedTree[]
}

/** A schema element without what the library would do to its values. */
function plainElement({ children, element, key }: NamedTree): SchemaElement {
  const { num_children, repetition_type, type, type_length } = element
  return {
    name: key,
    ...(type === undefined ? {} : { type }),
    ...(type_length === undefined ? {} : { type_length }),
    ...(num_children === undefined ? {} : { num_children }),
    ...(repetition_type === undefined ? {} : { repetition_type }),
    ...(isPlainList({ children, element, key }) ? { converted_type: 'LIST' } : {}),
  }
}

/** A node that may be repeated in itself, without a list around it. */
function repeated(tree: NamedTree): ParquetNode {
  const node = nodeOf(tree)
  return tree.element.repetition_type === 'REPEATED' ? { kind: 'list', element: node, inside: null } : node
}

function nodeOf(tree: NamedTree): ParquetNode {
  const { children, element } = tree
  if (children.length === 0) return { kind: 'leaf', type: leafType(element), element }
  if (isVariant(element)) throw new Error(`the column ${element.name} is of type VARIANT, which cannot be read`)
  const [child] = children
  if (child && isPlainList(tree)) {
    const [inner] = child.children
    return { kind: 'list', element: inner ? repeated(inner) : nodeOf(child), inside: null }
  }
  if (child && children.length === 1 && child.element.repetition_type === 'REPEATED') {
    if (hasAnnotation(element, 'LIST')) return { kind: 'list', element: nodeOf(child), inside: child.key }
    if (hasAnnotation(element, 'MAP') || hasAnnotation(element, 'MAP_KEY_VALUE')) {
      const [key, value] = child.children.map(fieldOf)
      if (key) return { kind: 'map', entries: child.key, key, value: value ?? null }
    }
  }
  return { kind: 'struct', fields: children.map(fieldOf) }
}

function fieldOf(tree: NamedTree): ParquetField {
  return { name: tree.element.name, key: tree.key, node: repeated(tree) }
}

/** A list as the library understands it: one repeated child with at most one child of its own. */
function isPlainList({ children, element }: NamedTree): boolean {
  const [child] = children
  if (!child || children.length > 1 || !hasAnnotation(element, 'LIST')) return false
  return child.element.repetition_type === 'REPEATED' && child.children.length <= 1
}

function hasAnnotation({ converted_type, logical_type }: SchemaElement, name: string): boolean {
  return converted_type === name || logical_type?.type === name
}

function isVariant({ logical_type }: SchemaElement): boolean {
  return logical_type?.type === 'VARIANT'
}

/** The type of a node's values as it is kept with a run. */
export function typeOf(node: ParquetNode): ColumnType {
  switch (node.kind) {
    case 'leaf':
      return node.type
    case 'list':
      return { kind: 'list', element: typeOf(node.element) }
    case 'map':
      return {
        kind: 'map',
        key: typeOf(node.key.node),
        value: node.value ? typeOf(node.value.node) : { kind: 'boolean' },
      }
    case 'struct':
      return { kind: 'struct', fields: node.fields.map((field) => ({ name: field.name, type: typeOf(field.node) })) }
  }
}

/** The leaves of a tree with the way to each, in the order in which the file holds their values. */
export function leavesOf(tree: SchemaTree, above: readonly SchemaTree[] = [ROOT]): readonly (readonly SchemaTree[])[] {
  const path = [...above, tree]
  return tree.children.length === 0 ? [path] : tree.children.flatMap((child) => leavesOf(child, path))
}
