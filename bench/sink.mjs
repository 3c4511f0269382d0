// A server that only counts bytes and answers every request with the same few words, in a process of its own: for runs so
// large that the local batch server would be what is measured. Started with `fork` like server.mjs, and speaks as much of
// the batch API as a client needs. Result lines are written while the upload comes in, a thousand at a time in disorder.
import { createReadStream, createWriteStream, mkdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

/**
 * @typedef {object} SinkOptions
 * @property {number} [answerBytes] Length of an answer's text.
 * @property {number} [polls] Looks at a batch until it has ended; without it, batches end when the parent says `drain`.
 */

const [folder = '', json = '{}'] = process.argv.slice(2)
/** @type {SinkOptions} */
const options = JSON.parse(json)
mkdirSync(folder, { recursive: true })

const LINE_FEED = 0x0a
const ID_HEAD = Buffer.from('{"custom_id":"')
const SHUFFLED_LINES = 1_000
const CREATED_AT = 1_795_737_600
const MODEL = 'gpt-6.1-terra-2026-01-15'
const ANSWER = '[simulated] '.padEnd(options.answerBytes ?? 300, 'as the customer wrote ')
const BODY = {
  id: 'chatcmpl-sink',
  object: 'chat.completion',
  created: CREATED_AT,
  model: MODEL,
  choices: [
    { index: 0, message: { role: 'assistant', content: ANSWER, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 200, completion_tokens: 60, total_tokens: 260 },
}
const RESULT_HEAD = Buffer.from('{"id":"batch_req_sink","custom_id":"')
const RESULT_TAIL = Buffer.from(
  `","response":{"status_code":200,"request_id":"req_sink","body":${JSON.stringify(BODY)}},"error":null}\n`,
)

const files = new Map()
const batches = new Map()
let hasEnded = false
let isPollAwaited = false
let rows = 0
let uploads = 0
let directCalls = 0

const server = createServer((request, response) => void serve(request, response))
server.listen(0, '127.0.0.1', () => process.send?.({ url: `http://127.0.0.1:${server.address().port}/v1` }))
process.on('message', (message) => {
  if (message === 'tell poll') {
    isPollAwaited = true
    return
  }
  hasEnded = true
  process.send?.({ rowsBilled: rows + directCalls })
})
process.on('disconnect', () => process.exit())

async function serve(request, response) {
  const [path] = request.url.replace(/^\/v1/, '').split('?')
  const [, kind, id, part] = path.split('/')
  if (request.method === 'POST' && path === '/files') answer(response, await receive(request))
  else if (request.method === 'POST' && path === '/batches') answer(response, create(JSON.parse(await textOf(request))))
  else if (request.method === 'POST') answer(response, await call(request))
  else if (request.method === 'DELETE') answer(response, { id, object: 'file', deleted: true })
  else if (kind === 'files' && part === 'content') createReadStream(files.get(id).path).pipe(response)
  else if (kind === 'files' && id) answer(response, fileObject(files.get(id)))
  else if (kind === 'files')
    answer(response, { object: 'list', data: [...files.values()].map(fileObject), has_more: false })
  else if (kind === 'batches' && id) answer(response, look(batches.get(id)))
  else answer(response, { object: 'list', data: [...batches.values()].map(batchObject), has_more: false })
}

function answer(response, value) {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(value))
}

async function textOf(request) {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

async function call(request) {
  await textOf(request)
  directCalls += 1
  return BODY
}

/** Counts the bytes of the file in a multipart form, and writes a result line for each of its lines. */
async function receive(request) {
  uploads += 1
  const id = `file-${uploads}`
  const results = new Results(join(folder, `${id}.results.jsonl`))
  const [, boundary = ''] = /boundary="?([^";]+)/.exec(request.headers['content-type'] ?? '') ?? []
  let total = 0
  let headBytes = -1
  let rest = Buffer.alloc(0)
  for await (const piece of request) {
    total += piece.length
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    if (headBytes < 0) headBytes = bytes.indexOf('\r\n\r\n', Math.max(0, bytes.indexOf('filename='))) + 4
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      results.add(bytes, start)
      start = end + 1
    }
    rest = bytes.subarray(start)
    await results.flush()
  }
  const { bytes: resultBytes, count } = await results.close()
  rows += count
  const bytes = total - headBytes - `\r\n--${boundary}--\r\n`.length
  const file = { id, bytes, count, purpose: 'batch', resultsId: `${id}-results` }
  files.set(id, file)
  const output = { id: file.resultsId, bytes: resultBytes, purpose: 'batch_output', path: results.path }
  files.set(output.id, output)
  return fileObject(file)
}

/** A result file in the making. */
class Results {
  path
  #stream
  #ids = []
  #count = 0

  constructor(path) {
    this.path = path
    this.#stream = createWriteStream(path, { highWaterMark: 1 << 20 })
  }

  /** Takes the line that begins at this place, if it is a request. */
  add(bytes, start) {
    const from = start + ID_HEAD.length
    if (!bytes.subarray(start, from).equals(ID_HEAD)) return
    this.#ids.push(Buffer.from(bytes.subarray(from, bytes.indexOf(0x22, from))))
    if (this.#ids.length === SHUFFLED_LINES) this.#write()
  }

  async flush() {
    if (this.#stream.writableNeedDrain) await new Promise((resolve) => this.#stream.once('drain', resolve))
  }

  async close() {
    this.#write()
    await new Promise((resolve) => this.#stream.end(resolve))
    return { bytes: statSync(this.path).size, count: this.#count }
  }

  #write() {
    const ids = this.#ids
    this.#ids = []
    this.#count += ids.length
    // The same disorder each time: 7 steps on, modulo a length it does not divide.
    const order = ids.map((_, at) => ids[(at * 7 + 3) % ids.length])
    const lines = (ids.length % 7 === 0 ? ids.toReversed() : order).flatMap((id) => [RESULT_HEAD, id, RESULT_TAIL])
    if (lines.length > 0) this.#stream.write(Buffer.concat(lines))
  }
}

function create({ endpoint, input_file_id: inputFileId, metadata }) {
  const id = `batch_${batches.size}`
  const batch = { id, endpoint, inputFileId, metadata: metadata ?? null, polls: 0 }
  batches.set(id, batch)
  return batchObject(batch)
}

function look(batch) {
  batch.polls += 1
  if (isPollAwaited) process.send?.({ polledAt: Date.now() })
  isPollAwaited = false
  return batchObject(batch)
}

function batchObject({ endpoint, id, inputFileId, metadata, polls }) {
  const isCompleted = options.polls === undefined ? hasEnded : polls >= options.polls
  const { count, resultsId } = files.get(inputFileId)
  return {
    id,
    object: 'batch',
    endpoint,
    errors: null,
    input_file_id: inputFileId,
    completion_window: '24h',
    status: isCompleted ? 'completed' : 'in_progress',
    output_file_id: isCompleted ? resultsId : null,
    error_file_id: null,
    created_at: CREATED_AT,
    in_progress_at: CREATED_AT,
    expires_at: CREATED_AT + 86_400,
    completed_at: isCompleted ? CREATED_AT + 1 : null,
    request_counts: { total: count, completed: isCompleted ? count : 0, failed: 0 },
    metadata,
  }
}

function fileObject({ bytes, id, purpose }) {
  return { id, object: 'file', bytes, created_at: CREATED_AT, filename: 'batch.jsonl', purpose, status: 'processed' }
}
