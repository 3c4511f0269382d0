import type { Readable } from 'node:stream'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { LlmBatchError, messageOf } from '../../model/error.ts'
import type { BucketPlace } from '../port/files-place.ts'

/** Variables of the machine, by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One object as the server describes it. */
export interface ObjectFacts {
  readonly bytes: number
  /** Its entity tag: another one means another content. */
  readonly version: string
}

/** Version that an object must have to be written over; null where there must be none. */
export type Expected = string | null

/** Bytes to be stored: as often as needed from the beginning. */
export interface Body {
  readonly bytes: number
  readonly open: () => Readable
}

/** Calls are repeated by the SDK this many times, with its growing waits of up to 20 seconds. */
const MOST_TRIES = 10

/** An object whose body breaks off is read on from there, this many times. */
const MOST_RESUMES = 5

/** Of an upload in parts: two of them are in memory at once. The protocol takes 10,000 parts at the most. */
const PART_BYTES = 8 << 20
const MOST_PARTS = 9_000
const PARTS_AT_ONCE = 2

/** Names that one call can delete. */
const MOST_DELETED = 1_000

/**
 * The objects of a home in a bucket. Names count from the prefix of the home. Throws `unreachable` where the server does not
 * answer as it should, `configuration` where it refuses; an object that is absent is an error with the code `ENOENT`.
 */
export class Bucket {
  readonly #place: BucketPlace
  readonly #client: S3Client

  constructor(place: BucketPlace, environment: Environment, mostTries: number = MOST_TRIES) {
    this.#place = place
    const { endpoint } = place
    const region = place.region ?? environment['AWS_REGION'] ?? null
    const key = keyIn(environment)
    this.#client = new S3Client({
      ...(region === null ? {} : { region }),
      // A server of another make takes any region, but a request must name one.
      ...(endpoint === null ? {} : { endpoint, forcePathStyle: true, region: region ?? 'us-east-1' }),
      ...(key === undefined ? {} : { credentials: key }),
      maxAttempts: mostTries,
      requestHandler: { connectionTimeout: 10_000, requestTimeout: 120_000, throwOnRequestTimeout: true },
    })
  }

  /** What is known of an object; undefined where it is absent. */
  async facts(name: string): Promise<ObjectFacts | undefined> {
    try {
      const { ContentLength, ETag } = await this.#client.send(new HeadObjectCommand(this.#named(name)))
      return { bytes: ContentLength ?? 0, version: ETag ?? '' }
    } catch (error) {
      if (isAbsence(error)) return undefined
      throw this.#known(error, name)
    }
  }

  /** The bytes of an object, or those of a range, in pieces as they come; read on where the connection breaks. */
  async *read(name: string, start = 0, end = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array, string> {
    let position = start
    let last = end
    let version: string | undefined
    for (let breaks = 0; position < last; ) {
      try {
        const answer = await this.#client.send(
          new GetObjectCommand({ ...this.#named(name), Range: rangeOf(position, last), IfMatch: version }),
        )
        version = answer.ETag ?? ''
        last = position + (answer.ContentLength ?? 0)
        for await (const piece of answer.Body as Readable) {
          position += (piece as Uint8Array).length
          yield piece as Uint8Array
        }
        if (position < last) throw new Error(`the body of ${name} ended after ${position} of ${last} bytes`)
      } catch (error) {
        // A range of an empty object cannot be satisfied.
        if (isRefusal(error, 416)) return version ?? ''
        breaks += 1
        if (version === undefined || isRefusal(error) || breaks > MOST_RESUMES) throw this.#known(error, name)
      }
    }
    return version ?? ''
  }

  /**
   * Stores an object, in parts where it is long, and returns its version; undefined where another version was there than the
   * expected one, and nothing was changed. Servers that know no conditions store it always.
   */
  async store(name: string, { bytes, open }: Body, expected: Expected): Promise<string | undefined> {
    const { encryption, encryptionKey } = this.#place
    const params: PutObjectCommandInput = {
      ...this.#named(name),
      Body: open(),
      ...(expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected }),
      ...(encryption === null
        ? {}
        : { ServerSideEncryption: encryption as PutObjectCommandInput['ServerSideEncryption'] }),
      ...(encryptionKey === null ? {} : { SSEKMSKeyId: encryptionKey }),
    }
    try {
      const partSize = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS))
      const { ETag } = await new Upload({ client: this.#client, params, partSize, queueSize: PARTS_AT_ONCE }).done()
      return ETag ?? ''
    } catch (error) {
      // 409 is a condition that two writers disagree about at this moment.
      if (isRefusal(error, 412) || isRefusal(error, 409)) return undefined
      throw this.#known(error, name)
    }
  }

  /** Names of all objects that begin so, each from the prefix of the home. */
  async *names(beginning: string): AsyncIterable<string> {
    let token: string | undefined
    do {
      const { Contents, NextContinuationToken } = await this.#try(
        beginning,
        async () =>
          await this.#client.send(
            new ListObjectsV2Command({
              Bucket: this.#place.bucket,
              Prefix: this.#place.prefix + beginning,
              ContinuationToken: token,
            }),
          ),
      )
      for (const { Key } of Contents ?? []) if (Key !== undefined) yield Key.slice(this.#place.prefix.length)
      token = NextContinuationToken
    } while (token !== undefined)
  }

  /** Deletes an object and all below it; absent is fine. */
  async remove(name: string): Promise<void> {
    const names = [name]
    for await (const below of this.names(`${name}/`)) {
      names.push(below)
      if (names.length === MOST_DELETED) await this.#delete(names.splice(0))
    }
    if (names.length > 0) await this.#delete(names)
  }

  /** Asks for the bucket, so that a wrong address is told at once. */
  async check(): Promise<void> {
    for await (const _ of this.names('')) return
  }

  close(): void {
    this.#client.destroy()
  }

  async #delete(names: readonly string[]): Promise<void> {
    const Objects = names.map((name) => ({ Key: this.#place.prefix + name }))
    const { Errors = [] } = await this.#try(
      names[0] ?? '',
      async () =>
        await this.#client.send(
          new DeleteObjectsCommand({ Bucket: this.#place.bucket, Delete: { Objects, Quiet: true } }),
        ),
    )
    const [first] = Errors
    if (first) throw this.#known(new Error(first.Message ?? first.Code ?? 'not deleted'), first.Key ?? '')
  }

  async #try<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw this.#known(error, name)
    }
  }

  #named(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + name }
  }

  #known(error: unknown, name: string): unknown {
    const { shown } = this.#place
    if (isAbsence(error) && codeOf(error) !== 'NoSuchBucket') {
      return Object.assign(new Error(`there is no ${shown}/${name}`), { code: 'ENOENT' })
    }
    if (isRefusal(error) || isWithoutKey(error)) {
      return new LlmBatchError('configuration', `the files of the home in ${shown} are refused: ${messageOf(error)}`, {
        next: 'Check the bucket, its region and endpoint, and the key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
        cause: error,
      })
    }
    return new LlmBatchError(
      'unreachable',
      `the files of the home in ${shown} cannot be reached: ${messageOf(error)}`,
      {
        next: 'Nothing was lost. Try again when it answers.',
        cause: error,
      },
    )
  }
}

/** The key that the environment names; where it names none, the SDK looks elsewhere, such as at the machine's role. */
function keyIn(environment: Environment): S3ClientConfig['credentials'] {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment
  const { AWS_SESSION_TOKEN: sessionToken } = environment
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
}

function rangeOf(start: number, end: number): string | undefined {
  if (start === 0 && end === Number.POSITIVE_INFINITY) return undefined
  return `bytes=${start}-${end === Number.POSITIVE_INFINITY ? '' : end - 1}`
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode
}

function codeOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

function isAbsence(error: unknown): boolean {
  return statusOf(error) === 404
}

/** True where the server has said no, and would again. */
function isRefusal(error: unknown, status?: number): boolean {
  const told = statusOf(error)
  if (told === undefined) return false
  return status === undefined ? told >= 300 && told < 500 && ![408, 412, 429].includes(told) : told === status
}

/** No key, or no region, is set on this machine. */
function isWithoutKey(error: unknown): boolean {
  return codeOf(error) === 'CredentialsProviderError' || /region is missing/i.test(messageOf(error))
}
