import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { comments, messages, messagesIn } from '../../scripts/messages.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** An actor without a name; a reader asks whether it is the process, the provider or the user. */
const UNNAMED = /\b(?:nobody|somebody|anybody|everybody|whoever)\b/i

/** "Is no file" for "is not a file"; "there is no file" and "is no longer" are plain English. */
const NEGATED_NOUN = /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b)/i

/** Ways of saying that a message does not use, and what it says instead. */
const NOT_IN_MESSAGES: readonly (readonly [words: RegExp, instead: string])[] = [
  [UNNAMED, 'the process, the provider, the user, another home'],
  [NEGATED_NOUN, 'is not a'],
  [/\b(?:takes|offers|fills|bears) no\b/i, 'does not support'],
  [/\b(?:has|have) not (?:the|a|an|enough)\b/i, 'does not have'],
  [/\bin place of\b/i, 'instead of'],
  [/\ball the same\b/i, 'still'],
  [/\bas it stands\b|\bso many\b|\bforeseen\b/i, 'as it is, this many, expected'],
  [/\bof ours\b|\b(?:like|is|are|for) ours\b/i, 'of llm-batch, the added column'],
  [/\bcannot be combined\b/i, 'cannot be used with, cannot be used together'],
  [/\bforget\b/i, 'remove'],
  [/\banother llm-batch\b/i, 'another process'],
]

const textsOf = (source: string, path = 'src/cli/file.ts'): readonly string[] =>
  messagesIn(path, source).map(({ text }) => text)

describe('the list of messages', () => {
  it.each([
    ['the message of an error', "throw new LlmBatchError('usage', 'no prompt given')", ['no prompt given']],
    ['the next step', "const error = { next: 'Check the file.' }", ['Check the file.']],
    ['a template, with its expressions', 'tell(`Wrote ${rows} rows.`)', ['Wrote ${rows} rows.']],
    [
      'a template within a template',
      'tell(`${is ? `run ${id}` : ""} ended`)',
      ['${is ? `run ${id}` : ""} ended', 'run ${id}'],
    ],
    [
      'texts put together',
      "tell('Look again ' + `with ${command}.` + '\\nBye.')",
      ['Look again with ${command}.⏎Bye.'],
    ],
    ['a text behind a condition', "tell(isLeft ? 'some are left' : x)", ['some are left']],
  ])('holds %s', (_, source, texts) => {
    expect(textsOf(source)).toEqual(texts)
  })

  it.each([
    ['a comment', "// says what happened\nconst name = 'key'"],
    ['a module', "import { a } from './two words.ts'"],
    ['a type', "type Word = 'two words'"],
    ['a single word', 'tell(`${name}.jsonl`)'],
  ])('leaves out %s', (_, source) => {
    expect(textsOf(source)).toEqual([])
  })

  it('leaves out the queries of the catalog', () => {
    expect(textsOf("sql.all('select key from runs where id = ?')", 'src/store/runs.ts')).toEqual([])
  })

  it('names the line and what the text is for', () => {
    const source = "\nconst entry = {\n  help: 'folder for state',\n}"
    expect(messagesIn('src/a.ts', source)).toEqual([{ place: 'src/a.ts:3', role: 'help', text: 'folder for state' }])
  })

  it('reads all sources', () => {
    const listed = messages()
    expect(listed.length).toBeGreaterThan(1_500)
    const files = new Set(listed.map(({ place }) => place.split(':')[0]))
    expect([...files]).toEqual(expect.arrayContaining(['src/cli/program.ts', 'src/drive/preflight.ts']))
  })
})

describe('the words', () => {
  it.each([
    ['nobody can be asked'],
    ['x.csv is no file'],
    ['Mistral takes no suffix'],
    ['the answer has not the shape of its endpoint'],
    ['it was read all the same'],
    ['a batch of ours'],
  ])('are seen in: %s', (text) => {
    expect(flawsIn([{ place: 'here', text }], NOT_IN_MESSAGES)).toHaveLength(1)
  })

  it.each([['there is no file x.csv'], ['it is no longer there'], ['nothing was sent']])('do not mind: %s', (text) => {
    expect(flawsIn([{ place: 'here', text }], NOT_IN_MESSAGES)).toEqual([])
  })

  it('of messages are plain: the actor is named, and one thing is said in one way', () => {
    expect(flawsIn(messages(), NOT_IN_MESSAGES)).toEqual([])
  })

  it('of comments name the actor, and begin with a noun where they are about a type', () => {
    const found = comments(['src', 'proof', 'bench', 'scripts', 'examples'])
    expect(found.length).toBeGreaterThan(4_000)
    expect(
      flawsIn(found, [
        [UNNAMED, 'the process, the provider, the user'],
        [NEGATED_NOUN, 'is not a'],
      ]),
    ).toEqual([])
    const ofTypes = found.filter(
      ({ above, text }) => isType(above) && /^(?:What|Who|How|Where|Why|Whether)\b/.test(text),
    )
    expect(ofTypes.map(({ place, text }) => `${place}: ${text}`)).toEqual([])
  })

  it('of documents name the actor', () => {
    const lines = pages().flatMap((page) =>
      readFileSync(join(ROOT, page), 'utf8')
        .split('\n')
        .map((text, index) => ({ place: `${page}:${index + 1}`, text })),
    )
    expect(lines.length).toBeGreaterThan(2_000)
    expect(
      flawsIn(lines, [
        [UNNAMED, 'the process, the provider, the user'],
        [NEGATED_NOUN, 'is not a'],
      ]),
    ).toEqual([])
  })
})

/** What the texts say in words that are not used, with what to say instead. */
function flawsIn(
  texts: readonly { readonly place: string; readonly text: string }[],
  unwanted: typeof NOT_IN_MESSAGES,
): readonly string[] {
  return texts.flatMap(({ place, text }) =>
    unwanted.filter(([words]) => words.test(text)).map(([, instead]) => `${place}: ${text} (write: ${instead})`),
  )
}

function isType(kind: string | undefined): boolean {
  return kind === 'TSInterfaceDeclaration' || kind === 'TSTypeAliasDeclaration' || kind === 'ClassDeclaration'
}

/** The documents of the project, its own README first. */
function pages(): readonly string[] {
  const below = ['docs', 'bench', 'proof', 'test', 'data'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  )
  return [...readdirSync(ROOT), ...below].filter((path) => path.endsWith('.md'))
}
