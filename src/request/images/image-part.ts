import type { ImageDetail } from '../../model/run.ts'
import type { Target } from '../../model/target.ts'

/** Form in which an endpoint takes the parts of a message. */
export type PartForm = 'chat' | 'mistral' | 'responses'

/** The form of parts that a target takes. */
export function partFormOf({ endpoint, provider }: Pick<Target, 'endpoint' | 'provider'>): PartForm {
  if (endpoint === '/v1/responses') return 'responses'
  return provider === 'mistral' ? 'mistral' : 'chat'
}

/** A text as JSON text of a part. */
export function textPart(form: PartForm, text: string): string {
  return `{"type":"${form === 'responses' ? 'input_text' : 'text'}","text":${JSON.stringify(text)}}`
}

/** An image as JSON text of a part. Of Mistral's two ways to write it the short one is taken where there is no detail. */
export function imagePart(form: PartForm, url: string, detail: ImageDetail | null): string {
  const address = JSON.stringify(url)
  const more = detail === null ? '' : `,"detail":"${detail}"`
  if (form === 'responses') return `{"type":"input_image","image_url":${address}${more}}`
  const isShort = form === 'mistral' && detail === null
  return `{"type":"image_url","image_url":${isShort ? address : `{"url":${address}${more}}`}}`
}
