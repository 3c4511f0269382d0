import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { firstOf, modelOf, type SimulatedAnswer } from './answer.ts'

/** A PNG of one pixel, in place of every picture that is asked for. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

/** The page of every document, in pixels, as an A4 page has them at 200 dots an inch. */
const PAGE = { dpi: 200, height: 2_339, width: 1_654 }

/** Pages that one OCR request may name. */
const MOST_PAGES = 1_000

/** The body of `/v1/ocr`: one page with the answer's text, or the pages that the request names. */
export function ocrBody(answer: SimulatedAnswer): JsonObject {
  const { request } = answer
  const named = Array.isArray(request['pages']) ? request['pages'].slice(0, MOST_PAGES) : [0]
  const pages = named.map((page: unknown) => ({
    index: Number(page) || 0,
    markdown: firstOf(answer).text,
    images: [],
    tables: [],
    hyperlinks: [],
    header: null,
    footer: null,
    dimensions: PAGE,
  }))
  return {
    pages,
    model: modelOf(answer),
    document_annotation: null,
    usage_info: { pages_processed: pages.length, doc_size_bytes: sizeOf(request['document']) },
  }
}

/** Bytes of a document that came inside of its URL; null where it lies elsewhere. */
function sizeOf(document: unknown): number | null {
  const url = isJsonObject(document) ? stringOf(document['document_url'] ?? document['image_url']) : undefined
  const content = /^data:[^,]*;base64,(.*)$/s.exec(url ?? '')?.[1]
  return content === undefined ? null : Buffer.byteLength(content, 'base64')
}

/** The body of `/v1/audio/transcriptions`, as Mistral writes it. */
export function transcriptionBody(answer: SimulatedAnswer): JsonObject {
  const { inputTokens, outputTokens } = answer
  return {
    model: modelOf(answer),
    text: firstOf(answer).text,
    language: null,
    segments: [],
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
      prompt_audio_seconds: 1,
    },
  }
}

/** The body of `/v1/conversations`. */
export function conversationBody(answer: SimulatedAnswer): JsonObject {
  const { digest, inputTokens, outputTokens } = answer
  const output = {
    object: 'entry',
    type: 'message.output',
    id: `msg_${digest.slice(0, 32)}`,
    role: 'assistant',
    model: modelOf(answer),
    content: firstOf(answer).text,
  }
  return {
    object: 'conversation.response',
    conversation_id: `conv_${digest.slice(0, 32)}`,
    outputs: [output],
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
  }
}

/** The body of the endpoints that make or change pictures. */
export function imagesBody({ choices, createdAt, inputTokens, outputTokens }: SimulatedAnswer): JsonObject {
  const details = { text_tokens: inputTokens, image_tokens: 0 }
  return {
    created: createdAt,
    data: choices.map(() => ({ b64_json: PIXEL })),
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: details,
      output_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
  }
}

/** The body of `/v1/videos`: a video that is not made yet. */
export function videoBody(answer: SimulatedAnswer): JsonObject {
  const { createdAt, digest, model, request } = answer
  return {
    id: `video_${digest.slice(0, 32)}`,
    object: 'video',
    model,
    status: 'queued',
    progress: 0,
    created_at: createdAt,
    completed_at: null,
    expires_at: null,
    error: null,
    prompt: stringOf(request['prompt']) ?? null,
    remixed_from_video_id: null,
    seconds: stringOf(request['seconds']) ?? '4',
    size: stringOf(request['size']) ?? '720x1280',
  }
}
