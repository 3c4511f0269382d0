/** Size and hash, which prove that a file is the one that was written. */
export interface FileFacts {
  readonly bytes: number
  readonly sha256: string
}
