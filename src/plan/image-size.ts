import type { ImageSize } from '../providers/facts.ts'

/** Enough of an image to hold its size; photographs carry a preview and notes before it. */
const HEAD_BYTES = 96 * 1_024

/** The size of a PNG, JPEG or GIF in a `data:` URL, read from its head; null for other images and other URLs. */
export function sizeInDataUrl(url: string): ImageSize | null {
  const start = url.indexOf(';base64,')
  if (!url.startsWith('data:') || start < 0) return null
  const begin = start + ';base64,'.length
  const head = Buffer.from(url.slice(begin, begin + Math.ceil(HEAD_BYTES / 3) * 4), 'base64')
  return pngSize(head) ?? gifSize(head) ?? jpegSize(head)
}

function pngSize(head: Buffer): ImageSize | null {
  if (head.length < 24 || head.readUInt32BE(0) !== 0x89504e47) return null
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) }
}

function gifSize(head: Buffer): ImageSize | null {
  if (head.length < 10 || head.toString('latin1', 0, 3) !== 'GIF') return null
  return { width: head.readUInt16LE(6), height: head.readUInt16LE(8) }
}

/** A JPEG is a list of segments; the one that starts the frame holds the size. */
function jpegSize(head: Buffer): ImageSize | null {
  if (head.length < 4 || head.readUInt16BE(0) !== 0xffd8) return null
  let place = 2
  while (place + 9 <= head.length && head[place] === 0xff) {
    const marker = head[place + 1] ?? 0
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { height: head.readUInt16BE(place + 5), width: head.readUInt16BE(place + 7) }
    place += 2 + head.readUInt16BE(place + 2)
  }
  return null
}
