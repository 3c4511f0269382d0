/**
 * Bytes of one line unless configured, of a request as of a result: no provider documents a limit, and longer lines break
 * many a reader. Images in base64 reach about 8 MB.
 */
export const DEFAULT_MAX_LINE_BYTES = 64 * 1024 * 1024
