import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import { type Node, parseSync } from 'oxc-parser'

/** One import, export-from, `import()` or `import('…')` type of a source file. */
export interface ImportFact {
  /** As written, or for relative ones the path below `src`. */
  readonly module: string
  /** The names taken; empty for namespaces and dynamic imports. */
  readonly names: readonly string[]
  /** True for `import type`, of which nothing is left at run time. */
  readonly isType: boolean
  readonly line: number
}

/** What a source file uses of the world outside of itself. */
export interface FileFacts {
  /** Below `src`, with forward slashes, such as `lib/disk.ts`. */
  readonly path: string
  readonly imports: readonly ImportFact[]
  /** Global names as used: `Date.now`, `new Date()`, `setTimeout`, `process.env`. */
  readonly globals: readonly { readonly name: string; readonly line: number }[]
  /** Its text with blanks in the place of comments. */
  readonly code: string
}

/** The facts of all sources; tests are left out, they may use anything. */
export function readSources(folder: string): readonly FileFacts[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.test.ts'))
    .sort()
    .map((path) => factsOf(path, readFileSync(join(folder, path), 'utf8')))
}

/** Reads one file's text; `path` is below `src`. Throws where it does not parse, so that nothing escapes unread. */
export function factsOf(path: string, text: string): FileFacts {
  const { comments, program, errors } = parseSync(path, text)
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`)
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length
  const imports: ImportFact[] = []
  const globals: { name: string; line: number }[] = []
  visit(program, undefined, (node, parent) => {
    const imported = importIn(node)
    if (imported) {
      const module = imported.module.startsWith('.') ? join(path, '..', imported.module) : imported.module
      imports.push({ ...imported, module, line: lineAt(node.start) })
    }
    const name = globalIn(node, parent)
    if (name !== undefined) globals.push({ name, line: lineAt(node.start) })
  })
  const code = comments.reduceRight((rest, { end, start }) => blanked(rest, start, end), text)
  return { path, imports, globals, code }
}

function blanked(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + text.slice(end)
}

function visit(node: Node, parent: Node | undefined, look: (node: Node, parent: Node | undefined) => void): void {
  look(node, parent)
  for (const child of Object.values(node).flat()) if (isNode(child)) visit(child, node, look)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function importIn(node: Node): Omit<ImportFact, 'line'> | undefined {
  if (node.type === 'ImportDeclaration') {
    return {
      module: node.source.value,
      names: node.specifiers.flatMap(nameTaken),
      isType: node.importKind === 'type',
    }
  }
  if (node.type === 'ExportNamedDeclaration' && node.source === null) return undefined
  if (node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') {
    return { module: node.source?.value ?? '', names: [], isType: node.exportKind === 'type' }
  }
  if (node.type === 'TSImportType') return { module: node.source.value, names: [], isType: true }
  // What is computed cannot be held to a rule; it is reported as a module of this name.
  if (node.type === 'ImportExpression') return { module: textOf(node.source) ?? '(computed)', names: [], isType: false }
  return undefined
}

function nameTaken(specifier: Node): readonly string[] {
  if (specifier.type !== 'ImportSpecifier') return []
  return [specifier.imported.type === 'Literal' ? specifier.imported.value : specifier.imported.name]
}

function textOf(node: Node): string | undefined {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}

/** Identifiers that stand for a value, with the first member asked of them; keys and member names do not count. */
function globalIn(node: Node, parent: Node | undefined): string | undefined {
  if (node.type === 'NewExpression' && isNamed(node.callee, 'Date') && node.arguments.length === 0) return 'new Date()'
  if (node.type === 'CallExpression' && isNamed(node.callee, 'Date')) return 'Date()'
  if (node.type === 'MemberExpression' && node.object.type === 'Identifier') {
    const member = node.computed ? textOf(node.property) : 'name' in node.property ? node.property.name : undefined
    // `globalThis.setTimeout` is `setTimeout` by another name.
    return node.object.name === 'globalThis' ? member : `${node.object.name}.${member ?? '(computed)'}`
  }
  if (node.type === 'Identifier' && !isMemberName(node, parent)) return node.name
  return undefined
}

function isNamed(node: Node, name: string): boolean {
  return node.type === 'Identifier' && node.name === name
}

/** Syntax of TypeScript around a value; all other holds types. */
const VALUES_WITH_A_TYPE: readonly string[] = ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression']

function isMemberName(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return false
  if (parent.type === 'MemberExpression') return true
  if (VALUES_WITH_A_TYPE.includes(parent.type)) return false
  if (parent.type.startsWith('TS') || parent.type.includes('Specifier')) return true
  return 'key' in parent && parent.key === node && !('shorthand' in parent && parent.shorthand)
}
