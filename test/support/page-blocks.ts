import { readFile } from 'node:fs/promises'

/** A block of code on a page of the documents. */
export interface PageBlock {
  readonly language: string
  readonly text: string
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
