import { describe, expect, it } from 'vitest'
import { DEFINITION, LIMITS, rowOf } from '../../../test/support/built-requests.ts'
import { GIF, JPEG, PNG, WEBP } from '../../../test/support/images.ts'
import type { BuildResult } from '../build-result.ts'
import { createRequestBuilder, type RequestOptions } from '../builder.ts'

const FILES: Readonly<Record<string, Uint8Array>> = {
  'a.png': PNG,
  'b.jpg': JPEG,
  'c.gif': GIF,
  'd.webp': WEBP,
  '[e].png': PNG,
  'no.png': Buffer.from('not an image, whatever its name says'),
  'empty.png': new Uint8Array(),
  'large.png': Buffer.concat([PNG, Buffer.alloc(100)]),
}

const READ: string[] = []

const imageFiles: NonNullable<RequestOptions['imageFiles']> = {
  size: async (path) => FILES[path]?.length,
  read: async (path, bytes) => {
    READ.push(`${path}:${bytes}`)
    const file = FILES[path]
    if (!file) throw new Error('EACCES: permission denied')
    return file.subarray(0, bytes)
  },
}

const urlOf = (type: string, bytes: Uint8Array): string =>
  `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`

async function build(json: string, more: Partial<RequestOptions['definition']> = {}, maxImageBytes = 90) {
  const definition = { ...DEFINITION, imageColumns: ['image'], ...more }
  const limitsOf = () => ({ ...LIMITS, maxImageBytes })
  return await createRequestBuilder({ definition, limitsOf, imageFiles })(rowOf(json))
}

function contentOf(result: BuildResult, index = 0): unknown {
  if (!('request' in result)) throw new Error(`unexpected problems: ${JSON.stringify(result.problems)}`)
  return (JSON.parse(result.request.body) as { messages: readonly { content: unknown }[] }).messages[index]?.content
}

describe('columns with images', () => {
  it.each([
    ['a.png', 'png', PNG],
    ['b.jpg', 'jpeg', JPEG],
    ['c.gif', 'gif', GIF],
    ['d.webp', 'webp', WEBP],
    ['[e].png', 'png', PNG],
  ])('inline the file %s as %s, by what it is and not by its name', async (name, type, bytes) => {
    expect(contentOf(await build(JSON.stringify({ text: 'x', image: name })))).toEqual([
      { type: 'text', text: 'Sum up: x' },
      { type: 'image_url', image_url: { url: urlOf(type, bytes) } },
    ])
  })

  it('pass https URLs on, and data URLs under their true type', async () => {
    const image = ['https://example.com/a?b="c"', urlOf('jpeg', PNG)]
    expect(contentOf(await build(JSON.stringify({ text: 'x', image })))).toMatchObject([
      { type: 'text' },
      { image_url: { url: 'https://example.com/a?b="c"' } },
      { image_url: { url: urlOf('png', PNG) } },
    ])
  })

  it('take lists, as JSON text too, and several columns in their order', async () => {
    const row = { text: 'x', image: ['a.png', 'c.gif'], more: '["b.jpg"]', none: '' }
    const content = contentOf(await build(JSON.stringify(row), { imageColumns: ['more', 'none', 'image'] }))
    expect(content).toMatchObject([
      { type: 'text' },
      { image_url: { url: urlOf('jpeg', JPEG) } },
      { image_url: { url: urlOf('png', PNG) } },
      { image_url: { url: urlOf('gif', GIF) } },
    ])
  })

  it('go with the last message of the user', async () => {
    const messages = [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'two' },
    ] as const
    const result = await build('{"text":"x","image":"a.png"}', { messages })
    expect([0, 1, 2].map((index) => contentOf(result, index))).toMatchObject([
      'one',
      'two',
      [{ text: 'Sum up: x' }, {}],
    ])
    const chat = { shape: 'chat', prompt: null } as const
    const parts = '{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"image":"a.png"}'
    expect(contentOf(await build(parts, chat))).toMatchObject([{ text: 'a' }, { type: 'image_url' }])
    const lonely = '{"messages":[{"role":"system","content":"a"}],"image":"a.png"}'
    expect(contentOf(await build(lonely, chat), 1)).toMatchObject([{ type: 'image_url' }])
  })

  it.each([
    ['{"text":"x","image":"absent.png"}', 'image_missing', 'there is no such file'],
    ['{"text":"x","image":""}', 'image_missing', 'has no image'],
    ['{"text":"x","image":null}', 'image_missing', 'has no image'],
    ['{"text":"x","image":[]}', 'image_missing', 'has no image'],
    ['{"text":"x"}', 'missing_column', 'no column "image"'],
    ['{"text":"x","image":7}', 'image_unknown', 'neither a path or URL'],
    ['{"text":"x","image":["a.png",7]}', 'image_unknown', 'neither a path or URL'],
    ['{"text":"x","image":"no.png"}', 'image_unknown', 'not a PNG, JPEG, GIF or WebP'],
    ['{"text":"x","image":"empty.png"}', 'image_unknown', 'not a PNG, JPEG, GIF or WebP'],
    ['{"text":"x","image":"large.png"}', 'image_too_large', 'at most 90'],
    ['{"text":"x","image":"http://example.com/a.png"}', 'image_unknown', 'only https'],
    ['{"text":"x","image":"file:///etc/passwd"}', 'image_unknown', 'only https'],
    ['{"text":"x","image":"https://"}', 'image_unknown', 'not a URL'],
    ['{"text":"x","image":"data:image/png;base64,%%%%"}', 'image_unknown', 'not an image in base64'],
    ['{"text":"x","image":"data:text/plain;base64,aGFsbG8h"}', 'image_unknown', 'not an image in base64'],
    ['{"text":"x","image":"data:image/png;base64,aGFsbG8h"}', 'image_unknown', 'not a PNG, JPEG'],
    [`{"text":"x","image":"${urlOf('png', FILES['large.png'] ?? PNG)}"}`, 'image_too_large', 'at most 90'],
  ])('tell what is wrong in %s', async (json, code, detail) => {
    expect(await build(json)).toMatchObject({
      problems: [{ code, line: 3, detail: expect.stringContaining(detail) as string }],
    })
  })

  it('tell of every image that cannot be sent, and of one that cannot be read', async () => {
    const result = await build('{"text":"x","image":["absent.png","no.png","a.png"]}')
    expect(result).toMatchObject({ problems: [{ code: 'image_missing' }, { code: 'image_unknown' }] })
    const files = { ...imageFiles, size: async () => 5 }
    const definition = { ...DEFINITION, imageColumns: ['image'] }
    const builder = createRequestBuilder({ definition, limitsOf: () => LIMITS, imageFiles: files })
    expect(await builder(rowOf('{"text":"x","image":"gone.png"}'))).toMatchObject({
      problems: [{ code: 'image_missing', detail: expect.stringContaining('permission denied') as string }],
    })
  })

  it('are counted before any is read', async () => {
    READ.length = 0
    const limitsOf = () => ({ ...LIMITS, maxImages: 2 })
    const definition = { ...DEFINITION, imageColumns: ['image', 'more'] }
    const builder = createRequestBuilder({ definition, limitsOf, imageFiles })
    expect(await builder(rowOf('{"text":"x","image":["a.png","b.jpg"],"more":"c.gif"}'))).toMatchObject({
      problems: [{ code: 'too_many_images', detail: 'the row names 3 images; at most 2 can be sent' }],
    })
    expect(READ).toEqual([])
  })

  it('read no more than the beginning of what is no image', async () => {
    READ.length = 0
    await build('{"text":"x","image":"no.png"}')
    expect(READ).toEqual(['no.png:12'])
  })

  it('count as bytes of the line that they are put into', async () => {
    const definition = { ...DEFINITION, imageColumns: ['image'] }
    const limitsOf = () => ({ ...LIMITS, maxLineBytes: 200 })
    const builder = createRequestBuilder({ definition, limitsOf, imageFiles })
    expect(await builder(rowOf('{"text":"x","image":"large.png"}'))).toMatchObject({
      problems: [{ code: 'request_too_large' }],
    })
  })

  it('are not put into provider-ready lines', () => {
    const definition = { ...DEFINITION, shape: 'provider', prompt: null, imageColumns: ['image'] } as const
    const make = () => createRequestBuilder({ definition, limitsOf: () => LIMITS, imageFiles })
    expect(make).toThrow('imageColumns cannot be used with provider-ready lines')
  })
})
