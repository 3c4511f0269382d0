import { ANTHROPIC } from './anthropic/dialect.ts'
import type { Dialect } from './dialect.ts'
import { GEMINI } from './gemini/dialect.ts'
import { MISTRAL } from './mistral/dialect.ts'
import { OPENAI } from './openai/dialect.ts'
import { OPENROUTER } from './openrouter/dialect.ts'
import type { DialectName } from './state/record.ts'
import { XAI } from './xai/dialect.ts'

/** All APIs that the server speaks, by name. */
export const DIALECT: Readonly<Record<DialectName, Dialect>> = {
  openai: OPENAI,
  mistral: MISTRAL,
  anthropic: ANTHROPIC,
  gemini: GEMINI,
  openrouter: OPENROUTER,
  xai: XAI,
}

/** The API that a path belongs to; OpenAI's where it belongs to none. */
export function dialectOf(path: string): Dialect {
  const found = Object.values(DIALECT).find(({ prefixes }) => prefixes.some((prefix) => path.startsWith(`${prefix}/`)))
  return found ?? DIALECT.openai
}
