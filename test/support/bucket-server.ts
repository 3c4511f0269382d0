import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** Ways in which a call goes wrong: not answered as it should be, answered by half, or done without an answer. */
export type BucketFault = 'status 500' | 'status 503' | 'cut body' | 'lost answer'

/** A call as a test sees it. */
export interface BucketCall {
  readonly method: string
  readonly name: string
  readonly headers: IncomingMessage['headers']
}

interface StoredObject {
  readonly bytes: Buffer
  readonly version: string
  readonly encryption: string | undefined
}

/** Names in one page of a listing; few, so that tests meet several pages. */
const PAGE_NAMES = 3

/**
 * A server with the protocol of S3 on the loopback, and one bucket, `work`: objects whole and in parts, conditions, ranges,
 * listings in pages. It keeps all in memory, and checks the lengths and checksums that it is told.
 */
export class BucketServer {
  readonly objects = new Map<string, StoredObject>()
  readonly calls: BucketCall[] = []
  /** Decides by each call what goes wrong with it. */
  fault: (call: BucketCall) => BucketFault | null = () => null
  readonly #parts = new Map<string, Map<number, Buffer>>()
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
    })
  }

  static async start(): Promise<BucketServer> {
    const server = new BucketServer()
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  /** The address of its bucket as a user names it. */
  address(prefix = 'home', parameters = ''): string {
    const { port } = this.#server.address() as AddressInfo
    return `s3://work/${prefix}?endpoint=${encodeURIComponent(`http://127.0.0.1:${port}`)}${parameters}`
  }

  /** Names of all objects, sorted. */
  get names(): readonly string[] {
    return [...this.objects.keys()].sort()
  }

  textOf(name: string): string | undefined {
    return this.objects.get(name)?.bytes.toString('utf8')
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://bucket')
    const [, bucket = '', ...rest] = url.pathname.split('/')
    const name = decodeURIComponent(rest.join('/'))
    const method = request.method ?? 'GET'
    const call = { method, name, headers: request.headers }
    this.calls.push(call)
    const body = plainBody(request, await buffer(request))
    const fault = this.fault(call)
    if (fault === 'status 500' || fault === 'status 503') {
      return refuse(response, Number(fault.slice(-3)), fault === 'status 503' ? 'SlowDown' : 'InternalError')
    }
    if (bucket !== 'work') return refuse(response, 404, 'NoSuchBucket')
    const done = this.#carryOut(call, url.searchParams, body)
    if (fault === 'lost answer') return void response.destroy()
    response.writeHead(done.status, { ...done.headers, 'content-length': done.body.length })
    if (method === 'HEAD') return void response.end()
    if (fault === 'cut body') {
      response.write(done.body.subarray(0, Math.floor(done.body.length / 2)))
      setImmediate(() => response.destroy())
      return
    }
    response.end(done.body)
  }

  #carryOut(call: BucketCall, query: URLSearchParams, body: Buffer): Answer {
    const { method, name } = call
    const uploadId = query.get('uploadId')
    if (name === '') return method === 'POST' ? this.#delete(body.toString()) : this.#list(query)
    if (method === 'POST' && query.has('uploads')) {
      const id = randomBytes(8).toString('hex')
      this.#parts.set(id, new Map())
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    }
    if (uploadId !== null) return this.#upload(call, uploadId, query, body)
    if (method === 'PUT') return this.#put(call, body, quoted(md5(body)))
    if (method === 'DELETE') {
      this.objects.delete(name)
      return { status: 204, headers: {}, body: Buffer.alloc(0) }
    }
    return this.#get(call)
  }

  #upload(call: BucketCall, id: string, query: URLSearchParams, body: Buffer): Answer {
    const parts = this.#parts.get(id)
    if (!parts) return refusal(404, 'NoSuchUpload')
    if (call.method === 'PUT') {
      parts.set(Number(query.get('partNumber')), body)
      return { status: 200, headers: { etag: quoted(md5(body)) }, body: Buffer.alloc(0) }
    }
    this.#parts.delete(id)
    if (call.method === 'DELETE') return { status: 204, headers: {}, body: Buffer.alloc(0) }
    const whole = Buffer.concat([...parts].sort(([one], [other]) => one - other).map(([, part]) => part))
    const put = this.#put(call, whole, quoted(`${md5(whole)}-${parts.size}`))
    if (put.status !== 200) return put
    return xml(`<CompleteMultipartUploadResult><ETag>${put.headers['etag']}</ETag></CompleteMultipartUploadResult>`)
  }

  #put({ headers, name }: BucketCall, bytes: Buffer, version: string): Answer {
    const there = this.objects.get(name)
    if (headers['if-none-match'] === '*' && there) return refusal(412, 'PreconditionFailed')
    if (headers['if-match'] !== undefined && headers['if-match'] !== there?.version) {
      return refusal(412, 'PreconditionFailed')
    }
    this.objects.set(name, { bytes, version, encryption: headers['x-amz-server-side-encryption']?.toString() })
    return { status: 200, headers: { etag: version }, body: Buffer.alloc(0) }
  }

  #get({ headers, name }: BucketCall): Answer {
    const found = this.objects.get(name)
    if (!found) return refusal(404, 'NoSuchKey')
    const facts = { etag: found.version, 'last-modified': new Date(0).toUTCString() }
    if (headers['if-match'] !== undefined && headers['if-match'] !== found.version) {
      return refusal(412, 'PreconditionFailed')
    }
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
    if (from === undefined) return { status: 200, headers: facts, body: found.bytes }
    if (Number(from) >= found.bytes.length) return refusal(416, 'InvalidRange')
    const body = found.bytes.subarray(Number(from), to === '' ? undefined : Number(to) + 1)
    const range = `bytes ${from}-${Number(from) + body.length - 1}/${found.bytes.length}`
    return { status: 206, headers: { ...facts, 'content-range': range }, body }
  }

  #list(query: URLSearchParams): Answer {
    const prefix = query.get('prefix') ?? ''
    const after = query.get('continuation-token') ?? ''
    const names = this.names.filter((name) => name.startsWith(prefix) && name > after)
    const page = names.slice(0, PAGE_NAMES)
    const contents = page.map((name) => `<Contents><Key>${name}</Key></Contents>`).join('')
    const token = names.length > page.length ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
    return xml(`<ListBucketResult>${contents}${token}</ListBucketResult>`)
  }

  #delete(body: string): Answer {
    for (const [, name] of body.matchAll(/<Key>([^<]*)<\/Key>/g)) this.objects.delete(name ?? '')
    return xml('<DeleteResult></DeleteResult>')
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

function xml(inner: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(inner) }
}

function refusal(status: number, code: string): Answer {
  return { ...xml(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`), status }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const { body, headers } = refusal(status, code)
  response.writeHead(status, headers).end(body)
}

/** The body without the frames that a client may put around its pieces. */
function plainBody(request: IncomingMessage, body: Buffer): Buffer {
  if (!request.headers['content-encoding']?.includes('aws-chunked')) return body
  const pieces: Buffer[] = []
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at)
    const length = Number.parseInt(body.subarray(at, end).toString(), 16)
    if (length === 0) return Buffer.concat(pieces)
    pieces.push(body.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}

function quoted(text: string): string {
  return `"${text}"`
}
