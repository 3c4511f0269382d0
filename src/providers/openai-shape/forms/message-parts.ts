import type { MessageParts } from '../../facts.ts'

/** The parts of a chat. */
const CHAT: MessageParts = {
  text: (text) => textPart('text', text),
  image: (url, detail) => {
    const more = detail === null ? '' : `,"detail":"${detail}"`
    return `{"type":"image_url","image_url":{"url":${JSON.stringify(url)}${more}}}`
  },
}

const RESPONSES: MessageParts = {
  text: (text) => textPart('input_text', text),
  image: (url, detail) => {
    const more = detail === null ? '' : `,"detail":"${detail}"`
    return `{"type":"input_image","image_url":${JSON.stringify(url)}${more}}`
  },
}

/** How parts of a message are written at an endpoint. */
export function messageParts(endpoint: string): MessageParts {
  return endpoint === '/v1/responses' ? RESPONSES : CHAT
}

function textPart(type: string, text: string): string {
  return `{"type":"${type}","text":${JSON.stringify(text)}}`
}
