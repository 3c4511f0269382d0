import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import type { Line } from '../../lib/jsonl.ts'
import { type Dialect, MOST_EMBEDDING_INPUTS, standardModel } from '../dialect.ts'
import { DIALECT } from '../dialects.ts'
import type { PlayedHost } from '../openai/host.ts'
import { endpointOfLine } from '../openai/peculiar-endpoint.ts'
import { embeddingInputs } from '../simulate/execute-row.ts'
import { promptOf, tokensOf } from '../simulate/prompt.ts'
import { maxRequests, type Simulator } from '../simulator.ts'
import type { BatchRecord, ValidationProblem } from '../state/record.ts'
import { hasLostInput, inputLines } from './input-lines.ts'
import { parseRequestLine } from './request-line.ts'

/** The API reports no more problems than this; the list may be shorter than the number of bad lines. */
const MOST_PROBLEMS = 50

/** Result of a batch's validation. Any problem refuses the batch as a whole. */
export interface Validation {
  readonly total: number
  readonly model: string | null
  readonly queuedTokens: number
  readonly problems: readonly ValidationProblem[]
}

/** Reads the whole input once and checks it as the provider does: everything or nothing. */
export async function validate(simulator: Simulator, batch: BatchRecord): Promise<Validation> {
  const check = new InputCheck(simulator, batch)
  if (hasLostInput(simulator.state, batch)) {
    check.refuse('file_not_found', 'The input file of this batch no longer exists.')
    return check.result()
  }
  for await (const lines of inputLines(simulator.state, batch)) {
    for (const line of lines) check.take(line)
  }
  check.finish(maxRequests(simulator, batch.dialect))
  return check.result()
}

/** Checks line after line and gathers what is wrong. */
class InputCheck {
  readonly #dialect: Dialect
  readonly #host: PlayedHost['are']
  readonly #batch: BatchRecord
  readonly #refusesStreams: boolean
  readonly #ids = new Set<string>()
  readonly #problems: ValidationProblem[] = []
  #model: string | null
  #total = 0
  #tokens = 0
  #inputs = 0

  constructor({ host, streamRefuses }: Simulator, batch: BatchRecord) {
    this.#refusesStreams = streamRefuses === 'batch'
    this.#dialect = DIALECT[batch.dialect]
    this.#host = batch.dialect === 'openai' ? host.are : new Set()
    this.#batch = batch
    this.#model = batch.model
  }

  take(line: Line): void {
    this.#total += 1
    const parsed = parseRequestLine(line)
    const request = parsed && (this.#dialect.shape?.line(parsed) ?? parsed)
    if (!request) {
      this.#add('invalid_json_line', 'This line is not parseable as valid JSON.', line.number)
      return
    }
    if (this.#dialect.isRefusedForRows === false) return
    this.#checkId(request, line.number)
    if (this.#host.has('bare-lines')) this.#checkBare(request, line.number)
    else if (this.#dialect.isLineComplete) this.#checkRoute(request, line.number)
    const body = request['body']
    if (!isJsonObject(body)) {
      this.#missing('body', line.number)
      return
    }
    this.#checkModel(body, line.number)
    if (this.#refusesStreams && body['stream'] === true) {
      this.#add('unsupported_value', 'Streaming is not supported in batches.', line.number, 'body.stream')
    }
    const read = this.#dialect.shape?.request(body, this.#model ?? '')
    this.#tokens += tokensOf(promptOf(read && 'chat' in read ? read.chat : body))
    this.#inputs += embeddingInputs(this.#batch.endpoint, body)
  }

  finish(mostRequests: number): void {
    if (this.#total === 0) this.refuse('empty_file', 'The input file is empty. Please ensure it has at least one line.')
    if (this.#total > mostRequests) {
      this.refuse('too_many_tasks', `The number of requests in the batch exceeds the limit of ${mostRequests}.`)
    }
    if (this.#dialect.name === 'openai' && this.#inputs > MOST_EMBEDDING_INPUTS) {
      this.refuse('too_many_tasks', `The batch has more than ${MOST_EMBEDDING_INPUTS} embedding inputs.`)
    }
  }

  /** Refuses the batch for something that lies in no single line. */
  refuse(code: string, message: string): void {
    this.#problems.push({ code, message, line: null, param: null })
  }

  result(): Validation {
    return { total: this.#total, model: this.#model, queuedTokens: this.#tokens, problems: this.#problems }
  }

  #checkId(request: JsonObject, line: number): void {
    const id = request['custom_id']
    if (id === undefined || id === null) {
      if (this.#dialect.needsCustomId) this.#missing('custom_id', line)
    } else if (typeof id !== 'string') {
      this.#add('invalid_type', "Invalid type for 'custom_id': expected a string.", line, 'custom_id')
    } else if (this.#ids.has(id)) {
      const text = `The custom_id '${id}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.`
      this.#add('duplicate_custom_id', text, line, 'custom_id')
    } else {
      this.#ids.add(id)
    }
  }

  #checkRoute(request: JsonObject, line: number): void {
    if (request['method'] === undefined) {
      this.#missing('method', line)
    } else if (request['method'] !== 'POST') {
      this.#add('invalid_method', "Invalid value for 'method': only POST is supported.", line, 'method')
    }
    if (request['url'] === undefined) {
      this.#missing('url', line)
    } else if (request['url'] !== endpointOfLine(this.#host, this.#batch.endpoint)) {
      const text = `The URL provided for this request does not prefix-match the batch endpoint ${this.#batch.endpoint}.`
      this.#add('url_mismatch', text, line, 'url')
    }
  }

  #checkBare(request: JsonObject, line: number): void {
    for (const param of ['method', 'url'].filter((name) => request[name] !== undefined)) {
      this.#add('unknown_parameter', `Unknown parameter: '${param}'.`, line, param)
    }
  }

  #checkModel(body: JsonObject, line: number): void {
    const model = stringOf(body['model'])
    if (model === undefined) {
      const isOptional = standardModel(this.#batch.endpoint) !== undefined
      if (!isOptional && (this.#model === null || this.#dialect.isLineComplete)) this.#missing('body.model', line)
      return
    }
    this.#model ??= model
    // Mistral's own example names one model for the job and another one in the lines.
    const isContrary = model !== this.#model && this.#batch.model === null
    if (isContrary) {
      const text = `The provided model '${model}' does not match the other requests in the batch: '${this.#model}'.`
      this.#add('model_mismatch', text, line, 'body.model')
    } else if (model.startsWith('no-such-')) {
      this.#add('model_not_found', `The model '${model}' is not supported for batch processing.`, line, 'body.model')
    }
  }

  #missing(param: string, line: number): void {
    this.#add('missing_required_parameter', `Missing required parameter: '${param}'.`, line, param)
  }

  #add(code: string, message: string, line: number, param: string | null = null): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ code, message, line, param })
  }
}
