// The bare floor: the same road with flat memory by the shortest way. `undici`, bytes in large pieces, answers found by
// their offsets; no durability, no checks, no second try. take-step.mjs says how it is called.
import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { request } from 'undici'
import { takeStep } from './take-step.mjs'

const PIECE_BYTES = 1 << 20
const LINE_FEED = 0x0a
const HEAD =
  '","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-6.1-terra","messages":[{"role":"user","content":'
const ID_MARK = Buffer.from('"custom_id":"row-')

const baseUrl = process.env.OPENAI_BASE_URL
const authorization = `Bearer ${process.env.OPENAI_API_KEY}`

async function submit(rowsPath, batchPath, idPath) {
  const output = new Output(batchPath)
  let index = 0
  for (const line of linesOf(rowsPath)) {
    const { text } = JSON.parse(line.toString())
    output.write(`{"custom_id":"row-${index}${HEAD}${JSON.stringify(text)}}]}}\n`)
    index += 1
  }
  output.close()

  const file = await upload(batchPath)
  const batch = await call('/batches', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' }),
  })
  writeFileSync(idPath, batch.id)
}

async function upload(path) {
  const boundary = 'bare-boundary'
  const head = Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n` +
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="batch.jsonl"\r\n` +
      'content-type: application/octet-stream\r\n\r\n',
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return await call('/files', {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + statSync(path).size + tail.length),
    },
    body: (async function* () {
      yield head
      yield* createReadStream(path, { highWaterMark: PIECE_BYTES })
      yield tail
    })(),
  })
}

async function collect(rowsPath, idPath, answersPath, resultPath) {
  const id = readFileSync(idPath, 'utf8')
  let batch = await call(`/batches/${id}`)
  while (batch.status !== 'completed') {
    await wait(50)
    batch = await call(`/batches/${id}`)
  }
  const path = `/files/${batch.output_file_id}/content`
  const { body } = await request(baseUrl + path, { headers: { authorization } })
  await pipeline(body, createWriteStream(resultPath, { highWaterMark: PIECE_BYTES }))

  const places = placesOf(resultPath)
  const results = openSync(resultPath, 'r')
  const output = new Output(answersPath)
  let index = 0
  for (const line of linesOf(rowsPath)) {
    const [offset, length] = [places[2 * index], places[2 * index + 1]]
    const result = Buffer.allocUnsafe(length)
    readSync(results, result, 0, length, offset)
    const answer = JSON.parse(result.toString()).response.body.choices[0].message.content
    output.write(`${line.toString('utf8', 0, line.length - 1)},"answer":${JSON.stringify(answer)}}\n`)
    index += 1
  }
  closeSync(results)
  output.close()
}

/** Offset and length of each row's result line, by row. */
function placesOf(path) {
  const places = []
  let offset = 0
  for (const line of linesOf(path)) {
    const start = line.indexOf(ID_MARK) + ID_MARK.length
    const index = Number(line.toString('latin1', start, line.indexOf(0x22, start)))
    places[2 * index] = offset
    places[2 * index + 1] = line.length
    offset += line.length + 1
  }
  return places
}

/** Lines of a file without their line feeds, valid until the next one is asked for. */
function* linesOf(path) {
  const file = openSync(path, 'r')
  let buffer = Buffer.allocUnsafe(2 * PIECE_BYTES)
  let filled = 0
  for (;;) {
    const bytesRead = readSync(file, buffer, filled, buffer.length - filled, null)
    if (bytesRead === 0) break
    filled += bytesRead
    let start = 0
    for (;;) {
      const end = buffer.indexOf(LINE_FEED, start)
      if (end < 0 || end >= filled) break
      yield buffer.subarray(start, end)
      start = end + 1
    }
    buffer.copyWithin(0, start, filled)
    filled -= start
    if (filled === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)])
  }
  closeSync(file)
}

/** A file written in large pieces. */
class Output {
  #file
  #buffer = Buffer.allocUnsafe(PIECE_BYTES)
  #filled = 0

  constructor(path) {
    this.#file = openSync(path, 'w')
  }

  write(text) {
    if (text.length * 3 > this.#buffer.length - this.#filled) this.#flush()
    this.#filled += this.#buffer.write(text, this.#filled)
  }

  close() {
    this.#flush()
    closeSync(this.#file)
  }

  #flush() {
    writeSync(this.#file, this.#buffer, 0, this.#filled)
    this.#filled = 0
  }
}

async function call(path, options = {}) {
  const { statusCode, body } = await request(baseUrl + path, {
    ...options,
    headers: { authorization, ...options.headers },
  })
  const text = await body.text()
  if (statusCode >= 300) throw new Error(`${path}: ${statusCode} ${text}`)
  return JSON.parse(text)
}

await takeStep(submit, collect)
