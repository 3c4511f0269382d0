import { describe, expect, it } from 'vitest'
import { messages, messagesIn } from '../../scripts/messages.mjs'

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
    expect(textsOf("driver.all('select key from runs where id = ?')", 'src/store/runs.ts')).toEqual([])
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
