import {
  Expression,
  type Liquid,
  LiquidError,
  type Template as Node,
  TypeGuards,
  toValueSync,
  Value,
  type Variables,
} from 'liquidjs'
import { didYouMean } from '../../lib/near-match.ts'
import { LlmBatchError } from '../../model/error.ts'

/** A path to something in a row, such as `customer`, `name`. */
export type Path = readonly string[]

/** A template taken apart by the library. */
export interface ParsedLiquid {
  readonly nodes: Node[]
  /** What it asks the row for, each path as far as it is fixed. */
  readonly paths: readonly Path[]
}

/**
 * Reads a template and finds what the library would let pass.
 * @throws LlmBatchError `usage` with line and column of the mistake; `what` names the template
 */
export function parseLiquid(liquid: Liquid, template: string, what: string): ParsedLiquid {
  const { text, originalOffset } = withEscapedBraces(template)
  const nodes = parse(liquid, text, (offset, flaw) => mistake(template, originalOffset(offset), what, flaw))
  return { nodes, paths: columnPaths(liquid.analyzeSync(nodes, { partials: false }).globals) }
}

/** `\{{` stands for two braces as they are, but not where all is taken as it is anyway. */
const ESCAPED = /\{%-?\s*(raw|comment)\s*-?%\}[^]*?\{%-?\s*end\1\s*-?%\}|\\\{\{/g
const BRACES = '{{ "{{" }}'

function withEscapedBraces(template: string): { text: string; originalOffset: (offset: number) => number } {
  const growth = BRACES.length - String.raw`\{{`.length
  const placed: number[] = []
  const text = template.replace(ESCAPED, (found, _tag, at: number) => {
    if (!found.startsWith('\\')) return found
    placed.push(at + placed.length * growth)
    return BRACES
  })
  return { text, originalOffset: (offset) => offset - growth * placed.filter((at) => at < offset).length }
}

function mistake(template: string, offset: number, what: string, flaw: string): LlmBatchError {
  const before = template.slice(0, offset).split('\n')
  const place = `${before.length}:${(before.at(-1) ?? '').length + 1}`
  return new LlmBatchError('usage', `${what} has a mistake at ${place}: ${flaw}`, {
    next: 'A template with {% or | is read as Liquid. Write {% raw %}…{% endraw %} around text that is not Liquid.',
  })
}

function parse(liquid: Liquid, text: string, mistakeAt: (offset: number, flaw: string) => LlmBatchError): Node[] {
  try {
    const nodes = liquid.parse(text)
    for (const value of valuesIn(nodes)) {
      const [first] = value.initial.postfix
      if (operandsOf(value.initial) > 1) {
        const flaw = 'two names without an operator between them; a column with spaces is row["its name"]'
        throw mistakeAt(first?.begin ?? 0, flaw)
      }
      if (value.filters[0]?.name === 'default') allowAbsent(value.initial)
    }
    return nodes
  } catch (error) {
    if (!LiquidError.is(error)) throw error
    throw mistakeAt(error.token.begin, flawOf(liquid, error))
  }
}

/** The library's words without its place, which counts in our own spelling of escaped braces. */
function flawOf(liquid: Liquid, { message }: LiquidError): string {
  const flaw = message.replace(/, line:\d+, col:\d+$/, '')
  const [, name] = /^undefined filter: (.*)$/.exec(flaw) ?? []
  return name === undefined ? flaw : flaw + didYouMean(name, Object.keys(liquid.filters))
}

/** All values that nodes and what is inside them are made of. */
function* valuesIn(nodes: readonly Node[]): Iterable<Value> {
  for (const node of nodes) {
    for (const argument of node.arguments?.() ?? []) if (argument instanceof Value) yield argument
    if (node.children) yield* valuesIn(toValueSync(node.children(false, true)))
  }
}

/** What is left when all operators have taken theirs; the library keeps the first of them and drops the rest. */
function operandsOf({ postfix }: Expression): number {
  let count = 0
  for (const token of postfix) {
    if (!TypeGuards.isOperatorToken(token)) count += 1
    else if (token.operator !== 'not') count -= 1
  }
  return count
}

/** The library can be lenient before `default`, but only together with `if`, where an absent column must be told. */
function allowAbsent(expression: Expression): void {
  const evaluate: Expression['evaluate'] = (context) => Expression.prototype.evaluate.call(expression, context, true)
  Object.assign(expression, { evaluate })
}

/** What a template asks the row for: each path as far as it is fixed. */
function columnPaths(globals: Variables): readonly Path[] {
  return Object.values(globals)
    .flat()
    .map(({ segments }) => {
      const end = segments.findIndex((segment) => typeof segment === 'object')
      return segments.slice(0, end < 0 ? segments.length : end).map(String)
    })
}
