import { isAbsolute } from 'node:path'
import { LlmBatchError } from '../model/error.ts'
import type { BucketPlace, FilesPlace } from '../store/port/files-place.ts'

const BUCKET = /^s3:\/\//i

const PARAMETERS = ['endpoint', 'region', 'encryption', 'encryption-key']

/**
 * The place of files that a user named: an absolute folder, or `s3://BUCKET/PREFIX` with these parameters behind it:
 * `endpoint`, `region`, `encryption`, `encryption-key`. Throws `configuration`.
 */
export function filesPlaceAt(text: string): FilesPlace {
  if (BUCKET.test(text)) return bucketAt(text)
  if (isAbsolute(text)) return { kind: 'folder', path: text }
  throw mistake(`the files of a home cannot lie in ${text}`, 'Name a folder that all machines share, or s3://BUCKET.')
}

function bucketAt(text: string): BucketPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const bucket = url?.host ?? ''
  if (url === undefined || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw mistake('the address of the files names no bucket', 'Write it as s3://BUCKET/PREFIX.')
  }
  if (url.username !== '' || url.password !== '') {
    throw mistake(
      'the address of the files holds a key, which the database would show to all who can read it',
      'Leave it out, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    )
  }
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined) {
    throw mistake(
      `the address of the files has the parameter ${JSON.stringify(unknown)}, which is not known`,
      `Known are: ${PARAMETERS.join(', ')}.`,
    )
  }
  const parameter = (name: string): string | null => url.searchParams.get(name)
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '')
  return {
    kind: 'bucket',
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint: parameter('endpoint'),
    region: parameter('region'),
    encryption: parameter('encryption'),
    encryptionKey: parameter('encryption-key'),
    shown: `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`,
  }
}

function mistake(message: string, next: string): LlmBatchError {
  return new LlmBatchError('configuration', message, { next })
}
