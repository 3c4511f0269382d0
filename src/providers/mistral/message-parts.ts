import type { MessageParts } from '../facts.ts'
import { messageParts as sharedParts } from '../openai-shape/forms/message-parts.ts'

/** Of the two ways to write an image the short one is taken where there is no detail. */
export function messageParts(endpoint: string): MessageParts {
  const shared = sharedParts(endpoint)
  return {
    text: (text) => shared.text(text),
    image: (url, detail) =>
      detail === null ? `{"type":"image_url","image_url":${JSON.stringify(url)}}` : shared.image(url, detail),
  }
}
