import { readFile } from 'node:fs/promises'

/** A block of code on a page of the documents. */
export interface PageBlock {
  readonly language: string
  readonly text: string
}

/** The words of a line as a shell would hand them over; the pages quote with single quotes only. */
export function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

/** The blocks of a page in these languages, in its order. */
export async function blocksOf(page: string, languages: readonly string[]): Promise<readonly PageBlock[]> {
  const text = await readFile(new URL(`../../${page}`, import.meta.url), 'utf8')
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = '', block = '']) => ({
    language,
    text: block,
  }))
  return blocks.filter(({ language }) => languages.includes(language))
}
