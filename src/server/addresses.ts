import type { LocalServer } from './options.ts'

/** The place where clients of one dialect find the server, and the variables in which their SDKs look for it. */
interface Address {
  readonly baseUrlVariable: string
  readonly keyVariable: string
  readonly url: string
}

/** The addresses of a server, one for each dialect that it speaks. */
export function addressesOf({
  mistralUrl,
  openaiUrl,
}: Pick<LocalServer, 'mistralUrl' | 'openaiUrl'>): readonly Address[] {
  return [
    { baseUrlVariable: 'OPENAI_BASE_URL', keyVariable: 'OPENAI_API_KEY', url: openaiUrl },
    { baseUrlVariable: 'MISTRAL_BASE_URL', keyVariable: 'MISTRAL_API_KEY', url: mistralUrl },
  ]
}
