/** A place of the files of a home in a database: a folder that all machines share, or a bucket. */
export type FilesPlace = { readonly kind: 'folder'; readonly path: string } | BucketPlace

/** A bucket of Amazon S3, or of a server with the same protocol. */
export interface BucketPlace {
  readonly kind: 'bucket'
  readonly bucket: string
  /** Names of all objects begin with it; empty, or with a slash at its end. */
  readonly prefix: string
  /** Address of the server; null for Amazon's own. */
  readonly endpoint: string | null
  /** Null for the one of the machine's settings (`AWS_REGION`). */
  readonly region: string | null
  /** Encryption that the server is asked for, such as `aws:kms`; null for the bucket's own. */
  readonly encryption: string | null
  /** The key for `aws:kms`; null for the account's own. */
  readonly encryptionKey: string | null
  /** The address without parameters. */
  readonly shown: string
}
