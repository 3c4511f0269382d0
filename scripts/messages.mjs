// Lists every text that a user can see, to be read in one go: `npm run messages`, or of some folders only,
// `npm run messages -- src/cli src/server`. Texts are found on the syntax tree, so that none is missed by how it is set.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'
import { root } from './project.mjs'

/** Two words beside each other; a single word is a key, a value, or a label that says little by itself. */
const WORDS = /\p{L}[\p{L}'’]*[,;:.)]? +["'(‘“]?\p{L}/u

/** What only queries of the catalog hold; the store writes them in small letters. */
const QUERY =
  /^\s*(?:select|insert|update|delete|create|drop|alter|pragma|with|begin|exists|left join|on conflict)\b|= \?|\b(?:is|not) null\b|\bin \(|\bexcluded\.|\b[a-z]\.[a-z]+, [a-z]\.|\b(?:coalesce|max|cast|sum)\(| as "/

/** Nodes whose literals no user sees: names of modules, types, and directives. */
const UNSEEN = new Set([
  'ImportDeclaration',
  'ImportExpression',
  'ExportAllDeclaration',
  'TSLiteralType',
  'TSImportType',
])

/** Every text of the sources in the order of files and lines, as `{ place, role, text }`. */
export function messages(folders = ['src']) {
  return sourcesIn(folders).flatMap((path) => messagesIn(path, readFileSync(join(root, path), 'utf8')))
}

/**
 * Every comment of the sources, in one line without its stars, and the kind of the declaration below it, such as
 * `TSInterfaceDeclaration`, as `{ place, text, above }`.
 */
export function comments(folders) {
  return sourcesIn(folders).flatMap((path) => {
    const source = readFileSync(join(root, path), 'utf8')
    const { comments: found, program } = parse(path, source)
    const kinds = new Map(program.body.map((node) => [node.start, node.declaration?.type ?? node.type]))
    return found.map(({ end, start, value }) => ({
      place: `${path}:${lineOf(source, start)}`,
      text: value
        .replaceAll(/\s*\n\s*\*? ?/g, ' ')
        .replace(/^\*/, '')
        .trim(),
      above: kinds.get(end + source.slice(end).search(/\S|$/)),
    }))
  })
}

/** The texts of one file; an expression within a template is shown as it is written. */
export function messagesIn(path, source) {
  const found = []
  const look = (node, role) => {
    if (UNSEEN.has(node.type)) return
    const text = textOf(node, (expression) => writtenIn(source, expression))
    if (text !== undefined && isRead(path, node, text)) {
      found.push({ place: `${path}:${lineOf(source, node.start)}`, role, text: text.replaceAll(/\s*\n\s*/g, '⏎') })
    }
    const isWhole = text !== undefined && node.type === 'BinaryExpression'
    for (const child of isWhole ? expressionsIn(node) : childrenOf(node)) look(child, roleOf(node, child) ?? role)
  }
  look(parse(path, source).program, '')
  return found
}

function sourcesIn(folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => /\.m?[jt]s$/.test(path) && !/\.test\.ts$|\.d\.mts$/.test(path))
      .sort(),
  )
}

/** Whether a text is in words, where each expression counts as one, and is not a query. */
function isRead(path, node, text) {
  return WORDS.test(textOf(node, () => 'word')) && !(path.startsWith('src/store/') && QUERY.test(text))
}

/** What a text is for: the property it is given as, or what is called or made with it. */
function roleOf(node, child) {
  if (node.type === 'Property' && child === node.value) return node.key.name ?? String(node.key.value)
  if (node.type === 'CallExpression' && child !== node.callee) return calledBy(node.callee)
  if (node.type === 'NewExpression' && child !== node.callee) return node.callee.name
  if (node.type === 'VariableDeclarator' || node.type === 'FunctionDeclaration') return node.id?.name
  return undefined
}

function calledBy(callee) {
  return callee.type === 'MemberExpression' ? callee.property.name : callee.name
}

/**
 * The text of a literal, a template, or several put together by `+`, with its expressions as `shown` gives them; undefined
 * for anything else.
 */
function textOf(node, shown) {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  if (node.type === 'TemplateLiteral') {
    const pieces = node.quasis.map(({ value }) => value.cooked)
    return pieces.reduce((text, piece, at) => text + shown(node.expressions[at - 1]) + piece)
  }
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return undefined
  const [left, right] = [textOf(node.left, shown), textOf(node.right, shown)]
  return left === undefined || right === undefined ? undefined : left + right
}

function writtenIn(source, { start, end }) {
  return `\${${source.slice(start, end).replaceAll(/\s+/g, ' ')}}`
}

/** What is computed within texts put together by `+`. */
function expressionsIn(node) {
  if (node.type === 'BinaryExpression') return [...expressionsIn(node.left), ...expressionsIn(node.right)]
  return node.type === 'TemplateLiteral' ? node.expressions : []
}

function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((value) => typeof value === 'object' && value !== null && typeof value.type === 'string')
}

function lineOf(text, offset) {
  return text.slice(0, offset).split('\n').length
}

function parse(path, text) {
  const parsed = parseSync(path, text)
  if (parsed.errors[0] !== undefined) throw new Error(`${path}: ${parsed.errors[0].message}`)
  return parsed
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folders = process.argv.slice(2)
  for (const { place, role, text } of messages(folders.length > 0 ? folders : undefined)) {
    console.log(`${place}  ${role}  ${text}`)
  }
}
