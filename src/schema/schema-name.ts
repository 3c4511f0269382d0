import type { JsonSchema } from '../model/answer.ts'

/** Longest name that the providers take. */
const MOST_CHARACTERS = 64

/** What a schema is called at a provider: its title, else the name given, with nothing in it that they refuse. */
export function schemaName({ title }: JsonSchema, otherwise = ''): string {
  const name = (typeof title === 'string' && title.trim() !== '' ? title : otherwise)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, MOST_CHARACTERS)
  return name === '' ? 'answer' : name
}
