import { messageOf } from '../../model/error.ts'
import type { Problem, ProblemCode } from '../../model/problem.ts'
import type { Row } from '../../model/row.ts'
import { problemOf } from '../build-result.ts'
import { missingColumn } from '../messages/message-problems.ts'

/** Reads image files; paths are as the user wrote them, relative ones from wherever the images of the row lie. */
export interface ImageFiles {
  /** Bytes of a file; undefined where there is none at this path. */
  size(path: string, row: Row): Promise<number | undefined>
  /** So many bytes from the beginning. */
  read(path: string, bytes: number, row: Row): Promise<Uint8Array>
}

/** Which images go with a row, and how large they may be. */
export interface ImageSettings {
  readonly columns: readonly string[]
  readonly files: ImageFiles
  readonly maxBytes: number
  readonly maxImages: number
}

/** The images of a row as URLs that can be sent, or what is wrong with them. */
export type RowImages = { readonly urls: readonly string[] } | { readonly problems: readonly Problem[] }

type Image = { readonly url: string } | { readonly code: ProblemCode; readonly flaw: string }

/** A scheme; one letter is a drive of Windows. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i
const DATA_URL = /^data:image\/[a-z.+-]+;base64,/i

/**
 * The images that the columns of a row name, one after the other: a path, an `https` or `data:` URL, or a list of them
 * (in JSON, or as the JSON text of one). Files become `data:` URLs, so that nothing else has to reach the provider. An
 * empty cell counts as no image, but a row without any is wrong.
 */
export async function imagesOf(row: Row, settings: ImageSettings): Promise<RowImages> {
  const { columns, files, maxBytes, maxImages } = settings
  const named = columns.map((column) => namesIn(row, column))
  const problems = named.flatMap((found) => ('problem' in found ? [found.problem] : []))
  const images = named.flatMap((found) => ('problem' in found ? [] : found.images))
  if (images.length > maxImages) {
    const detail = `the row names ${images.length} images; at most ${maxImages} can be sent`
    problems.push(problemOf(row, 'too_many_images', detail))
  }
  if (images.length === 0 && problems.length === 0) {
    problems.push(problemOf(row, 'image_missing', `the row has no image in ${columns.join(', ')}`))
  }
  if (problems.length > 0) return { problems }
  const urls: string[] = []
  for (const { column, name } of images) {
    const image = await imageAt(name, row, files, maxBytes)
    if ('url' in image) urls.push(image.url)
    else problems.push(problemOf(row, image.code, `"${column}" names ${short(name)}, ${image.flaw}`))
  }
  return problems.length > 0 ? { problems } : { urls }
}

type Named = { readonly images: readonly { column: string; name: string }[] } | { readonly problem: Problem }

function namesIn(row: Row, column: string): Named {
  if (!Object.hasOwn(row.record, column)) return { problem: missingColumn(row, column) }
  const value = row.record[column]
  const listed = typeof value === 'string' ? listIn(value) : (value ?? [])
  if (Array.isArray(listed) && listed.every((name): name is string => typeof name === 'string')) {
    const names = listed.map((name) => name.trim()).filter((name) => name !== '')
    return { images: names.map((name) => ({ column, name })) }
  }
  return { problem: problemOf(row, 'image_unknown', `"${column}" is neither a path or URL nor a list of them`) }
}

/** A cell of a CSV holds a list as its JSON text; whatever else begins with a bracket is the name of a file. */
function listIn(text: string): unknown {
  if (!text.trim().startsWith('[')) return [text]
  try {
    return JSON.parse(text)
  } catch {
    // No JSON: the text itself is meant.
    return [text]
  }
}

async function imageAt(name: string, row: Row, files: ImageFiles, maxBytes: number): Promise<Image> {
  if (/^https:/i.test(name)) return URL.canParse(name) ? { url: name } : unknown('which is not a URL')
  if (/^data:/i.test(name)) return inlineImage(name, maxBytes)
  if (SCHEME.test(name)) return unknown('and only https and data: URLs can be sent')
  try {
    return await fileImage(name, row, files, maxBytes)
  } catch (error) {
    return { code: 'image_missing', flaw: `which cannot be read: ${messageOf(error)}` }
  }
}

function inlineImage(url: string, maxBytes: number): Image {
  const begins = DATA_URL.exec(url)?.[0]
  const base64 = url.slice(begins?.length)
  if (begins === undefined || !isBase64(base64)) return unknown('which is not an image in base64')
  const bytes = Buffer.byteLength(base64, 'base64')
  if (bytes > maxBytes) return tooLarge(bytes, maxBytes)
  const type = imageTypeOf(Buffer.from(base64.slice(0, 16), 'base64'))
  if (!type) return unknown(NOT_AN_IMAGE)
  return { url: `data:${type};base64,${base64}` }
}

/** Looks for one bad character, because a pattern of all good ones needs memory for each. */
function isBase64(text: string): boolean {
  return (
    text.length > 0 && text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text.slice(0, -2)) && /[\w+/]=?=?$/.test(text)
  )
}

/** Its first bytes are looked at before the rest is read: a file of another kind never leaves the machine. */
async function fileImage(path: string, row: Row, files: ImageFiles, maxBytes: number): Promise<Image> {
  const size = await files.size(path, row)
  if (size === undefined) return { code: 'image_missing', flaw: 'and there is no such file' }
  if (size > maxBytes) return tooLarge(size, maxBytes)
  const type = imageTypeOf(await files.read(path, IMAGE_HEAD_BYTES, row))
  if (!type) return unknown(NOT_AN_IMAGE)
  const bytes = await files.read(path, size, row)
  // A file may be replaced while it is read.
  if (imageTypeOf(bytes) !== type) return unknown(NOT_AN_IMAGE)
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return { url: `data:${type};base64,${base64}` }
}

const NOT_AN_IMAGE = 'which is not a PNG, JPEG, GIF or WebP'

function unknown(flaw: string): Image {
  return { code: 'image_unknown', flaw }
}

function tooLarge(bytes: number, maxBytes: number): Image {
  const flaw = `which has ${bytes} bytes; at most ${maxBytes} can be sent, by the limit of bytes per image`
  return { code: 'image_too_large', flaw }
}

function short(name: string): string {
  return name.length > 100 ? `${name.slice(0, 99)}…` : name
}

/** Media types of the images that both providers read. */
type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'

/** Bytes of an image that tell what it is. */
const IMAGE_HEAD_BYTES = 12

const BEGINNINGS: readonly (readonly [begins: string, type: ImageType])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
]

/** What an image is by its first bytes, whatever its name says; undefined for everything else. */
function imageTypeOf(head: Uint8Array): ImageType | undefined {
  const text = Buffer.from(head.subarray(0, IMAGE_HEAD_BYTES)).toString('latin1')
  if (text.startsWith('RIFF') && text.slice(8) === 'WEBP') return 'image/webp'
  return BEGINNINGS.find(([begins]) => text.startsWith(begins))?.[1]
}
