import { expect, it } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { multipartBody } from './multipart.ts'

it('is parsed as the form it stands for, and is as long as it says', async () => {
  const content = Buffer.from('{"t":"--é\u2028"}\r\n--x--\r\n{}\n')
  const input = { name: 'a"b\r\n.jsonl', bytes: content.length, open: () => pieces(content) }
  const body = multipartBody({ purpose: 'batch' }, input, systemRandom)
  const whole = await collect(body.stream)
  expect(whole.length).toBe(body.bytes)

  const form = await new Response(whole, { headers: { 'content-type': body.contentType } }).formData()
  expect(form.get('purpose')).toBe('batch')
  const file = form.get('file') as File
  expect(file.type).toBe('application/jsonl')
  expect(Buffer.from(await file.arrayBuffer())).toEqual(content)
})

async function* pieces(bytes: Buffer): AsyncIterable<Uint8Array> {
  yield bytes.subarray(0, 3)
  yield bytes.subarray(3)
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer<ArrayBuffer>> {
  const all: Uint8Array[] = []
  for await (const piece of stream) all.push(piece)
  return Buffer.concat(all)
}
