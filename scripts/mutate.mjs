// Changes sources on purpose, by their syntax: a change names a declaration and a piece of code in it, so that it holds
// wherever the declaration stands and however it is formatted.
import { parseSync } from 'oxc-parser'

/** In a piece of code that is looked for: any expression, or, spread (`...ANY`), any further ones. */
const ANYTHING = 'ANY'

/** Where a node stands and how it was written; two nodes that differ in nothing else are the same code. */
const NOT_COMPARED = new Set(['start', 'end', 'raw', 'range', 'loc', 'parent'])

/**
 * Applies the changes, one after the other, to sources by path, and gives the paths and texts of those that differ. Throws
 * where a change does not fit exactly one place.
 */
export function mutate(sources, changes) {
  const changed = new Map()
  const textOf = (path) => changed.get(path) ?? sources.get(path)
  for (const change of changes) {
    const places = [...sources.keys()].flatMap((path) => placesIn(path, textOf(path), change))
    const { path, start, end } = chosen(places, change)
    const text = textOf(path)
    changed.set(path, text.slice(0, start) + writtenFor(change, text.slice(start, end)) + text.slice(end))
  }
  return changed
}

function chosen(places, { inside, find, nth }) {
  const isChosen = nth === undefined ? places.length === 1 : places.length >= nth && places.length > 1
  if (isChosen) return places[(nth ?? 1) - 1]
  throw new Error(`${inside} holds what is to be changed ${places.length} times:\n${find}`)
}

function writtenFor({ kind, write, find }, found) {
  if (kind === 'before') return `${write}\n${found}`
  if (kind === 'words') return found.replace(wordsPattern(find), () => write)
  return write
}

/** Every place in a file that fits a change: its code within declarations of the wanted name. */
function placesIn(path, text, { inside, find, kind }) {
  // Most files lack the words of the name, and need not be read any further.
  if (!inside.split('.').every((name) => hasWord(text, name))) return []
  const fits = kind === 'words' ? fitsWords(find) : fitsCode(find)
  const places = new Map()
  for (const declaration of declarationsIn(parse(path, text), inside)) {
    for (const { start, end } of fits(declaration, text)) places.set(start, { path, start, end })
  }
  return [...places.values()]
}

function hasWord(text, word) {
  const escaped = word.replaceAll('$', String.raw`\$`)
  return new RegExp(String.raw`(?<![\w$])${escaped}(?![\w$])`).test(text)
}

/** Functions, classes, methods, properties and constants of this name; `Class.method` names a method of that class. */
function declarationsIn(program, inside) {
  const found = []
  const look = (node, className) => {
    const name = declaredName(node)
    if (name === inside || (className !== undefined && `${className}.${name}` === inside)) found.push(node)
    const within = node.type === 'ClassDeclaration' ? name : className
    for (const child of childrenOf(node)) look(child, within)
  }
  look(program, undefined)
  return found
}

function declaredName(node) {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'VariableDeclarator':
      return node.id?.name
    case 'MethodDefinition':
    case 'Property':
      return node.key.type === 'PrivateIdentifier' ? `#${node.key.name}` : node.key.name
    default:
      return undefined
  }
}

/** Looks for code of the same syntax tree: an expression, a property, a case, or statements that follow each other. */
function fitsCode(code) {
  const pattern = parsePattern(code)
  return (declaration) => {
    const found = []
    const look = (node) => {
      for (const value of Object.values(node)) {
        if (Array.isArray(value)) found.push(...runsIn(value, pattern))
        else if (isNode(value) && pattern.length === 1 && isSame(pattern[0], value)) found.push(value)
      }
      for (const child of childrenOf(node)) look(child)
    }
    look(declaration)
    return found
  }
}

function runsIn(nodes, pattern) {
  return nodes.flatMap((_, at) => {
    const run = nodes.slice(at, at + pattern.length)
    const fits = run.length === pattern.length && pattern.every((wanted, place) => isSame(wanted, run[place]))
    return fits ? [{ start: run[0].start, end: run.at(-1).end }] : []
  })
}

/** Looks for words within text and template literals, however their white space is set. */
function fitsWords(words) {
  const pattern = wordsPattern(words)
  return (declaration, text) => {
    const found = []
    const look = (node) => {
      const isText = node.type === 'TemplateElement' || (node.type === 'Literal' && typeof node.value === 'string')
      if (isText && pattern.test(text.slice(node.start, node.end))) found.push(node)
      for (const child of childrenOf(node)) look(child)
    }
    look(declaration)
    return found
  }
}

function wordsPattern(words) {
  const escaped = words.split(/\s+/).map((word) => word.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
  return new RegExp(escaped.join(String.raw`\s+`))
}

function parsePattern(code) {
  const shapes = [
    [`async function* f() { (${code}\n) }`, (body) => [body[0].expression]],
    [`async function* f() { ({ ${code} }) }`, (body) => body[0].expression.properties],
    [`async function* f() { for (;;) switch (0) { ${code} } }`, (body) => body[0].body.cases],
    [`async function* f() { for (;;) { ${code} } }`, (body) => body[0].body.body],
  ]
  for (const [text, pick] of shapes) {
    const { program, errors } = parseSync('pattern.ts', text, { preserveParens: false })
    if (errors.length > 0) continue
    return pick(program.body[0].body.body)
  }
  throw new Error(`no code of TypeScript:\n${code}`)
}

function isSame(pattern, node) {
  if (isAnything(pattern)) return isNode(node)
  if (Array.isArray(pattern)) return Array.isArray(node) && isSameList(pattern, node)
  if (typeof pattern !== 'object' || pattern === null) return pattern === node
  if (typeof node !== 'object' || node === null) return false
  const keys = Object.keys(pattern).filter((key) => !NOT_COMPARED.has(key))
  return keys.every((key) => isSame(pattern[key], node[key]))
}

function isSameList(pattern, nodes) {
  const last = pattern.at(-1)
  const isOpen = last?.type === 'SpreadElement' && isAnything(last.argument)
  const fixed = isOpen ? pattern.slice(0, -1) : pattern
  const isLong = isOpen ? nodes.length >= fixed.length : nodes.length === fixed.length
  return isLong && fixed.every((wanted, at) => isSame(wanted, nodes[at]))
}

function isAnything(pattern) {
  return pattern?.type === 'Identifier' && pattern.name === ANYTHING
}

function parse(path, text) {
  const { program, errors } = parseSync(path, text, { preserveParens: false })
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`)
  return program
}

function childrenOf(node) {
  return Object.values(node).flat().filter(isNode)
}

function isNode(value) {
  return typeof value === 'object' && value !== null && typeof value.type === 'string'
}
