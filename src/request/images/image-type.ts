/** Media types of the images that both providers read. */
export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'

/** Bytes of an image that tell what it is. */
export const IMAGE_HEAD_BYTES = 12

const BEGINNINGS: readonly (readonly [begins: string, type: ImageType])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
]

/** What an image is by its first bytes, whatever its name says; undefined for everything else. */
export function imageTypeOf(head: Uint8Array): ImageType | undefined {
  const text = Buffer.from(head.subarray(0, IMAGE_HEAD_BYTES)).toString('latin1')
  if (text.startsWith('RIFF') && text.slice(8) === 'WEBP') return 'image/webp'
  return BEGINNINGS.find(([begins]) => text.startsWith(begins))?.[1]
}
