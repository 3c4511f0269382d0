import { randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { pieces } from '../../test/support/input-rows.ts'
import { type GunzipLimits, GunzipRatioError, GzipWriter, gunzip } from './gzip.ts'

async function unpack(bytes: Uint8Array, limits?: GunzipLimits, pieceBytes = 1_000): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of gunzip(pieces(bytes, pieceBytes), limits)) parts.push(part)
  return Buffer.concat(parts)
}

describe('gunzip', () => {
  it.each([1, 7, 1_000, 1_000_000])('gives back what was packed, in pieces of %d bytes', async (size) => {
    const content = randomBytes(20_000)
    expect((await unpack(gzipSync(content), undefined, size)).equals(content)).toBe(true)
  })

  it('takes several members in a row for one text', async () => {
    const both = await unpack(Buffer.concat([gzipSync('one\n'), gzipSync('two\n')]))
    expect(both.toString()).toBe('one\ntwo\n')
  })

  it('refuses what was cut or damaged', async () => {
    const packed = gzipSync(randomBytes(5_000))
    await expect(unpack(packed.subarray(0, 4_000))).rejects.toThrow('unexpected end of file')
    const damaged = Buffer.from(packed)
    damaged.fill(0, 2_000, 3_000)
    await expect(unpack(damaged)).rejects.toThrow(/invalid|incorrect/)
    await expect(unpack(Buffer.from('no gzip'))).rejects.toThrow('incorrect header check')
  })

  it('stops at a bomb, long before it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    let unpacked = 0
    const read = async (): Promise<void> => {
      for await (const part of gunzip(pieces(bomb, 1_000), { maxRatio: 100, freeBytes: 1_000_000 }))
        unpacked += part.length
    }
    await expect(read()).rejects.toThrow(GunzipRatioError)
    // How far it unpacks ahead depends on Node's version: two megabytes or five.
    expect(unpacked).toBeLessThan(10_000_000)
  })

  it('lets small files be as repetitive as they are', async () => {
    const content = Buffer.alloc(1_000_000)
    expect((await unpack(gzipSync(content))).equals(content)).toBe(true)
  })

  it('closes its source when its reader stops', async () => {
    let isClosed = false
    async function* source(): AsyncIterable<Uint8Array> {
      try {
        for (;;) yield gzipSync(randomBytes(10_000))
      } finally {
        isClosed = true
      }
    }
    for await (const part of gunzip(source())) if (part.length > 0) break
    await new Promise((resolve) => setImmediate(resolve))
    expect(isClosed).toBe(true)
  })
})

describe('GzipWriter', () => {
  it('packs what is written, in order, and loses nothing', async () => {
    const packed: Uint8Array[] = []
    const writer = new GzipWriter(async (bytes) => {
      packed.push(Buffer.from(bytes))
    })
    const parts = Array.from({ length: 50 }, () => randomBytes(10_000))
    for (const part of parts) await writer.write(part)
    await writer.finish()
    expect(gunzipSync(Buffer.concat(packed)).equals(Buffer.concat(parts))).toBe(true)
  })

  it('makes a file of nothing, too', async () => {
    const packed: Uint8Array[] = []
    const writer = new GzipWriter(async (bytes) => {
      packed.push(Buffer.from(bytes))
    })
    await writer.finish()
    expect(gunzipSync(Buffer.concat(packed)).length).toBe(0)
  })
})
