import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BucketServer } from '../../../test/support/bucket-server.ts'
import { filesPlaceAt } from '../../config/files-place.ts'
import { writeAtomically } from '../../lib/atomic-file.ts'
import { type Disk, systemDisk } from '../../lib/disk.ts'
import type { BucketPlace } from '../port/files-place.ts'
import { Bucket } from './bucket.ts'
import { BucketDisk } from './bucket-disk.ts'

const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' }

let server: BucketServer
let folder: string
let opened = 0
const disks: BucketDisk[] = []

beforeAll(async () => {
  server = await BucketServer.start()
})

afterAll(async () => await server.stop())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-bucket-'))
  server.objects.clear()
  server.calls.length = 0
  server.fault = () => null
})

afterEach(async () => {
  server.fault = () => null
  for (const disk of disks.splice(0)) await disk.close()
  await rm(folder, { recursive: true })
})

/** A machine of its own: nothing but the bucket is shared. */
async function openDisk(parameters = '', mostScratchBytes?: number): Promise<BucketDisk> {
  const scratch = join(folder, `machine-${(opened += 1)}`)
  await systemDisk.makeFolder(scratch)
  const bucket = new Bucket(bucketAt(server.address('home', parameters)), KEYS)
  const disk = new BucketDisk({ bucket, local: systemDisk, scratch, ...(mostScratchBytes ? { mostScratchBytes } : {}) })
  disks.push(disk)
  return disk
}

function bucketAt(address: string): BucketPlace {
  const place = filesPlaceAt(address)
  if (place.kind !== 'bucket') throw new Error(`${address} is not a bucket`)
  return place
}

async function write(disk: BucketDisk, name: string, text: string): Promise<void> {
  await writeAtomically(disk, join(disk.scratch, name), async (writer) => void (await writer.writeText(text)))
}

async function append(disk: BucketDisk, name: string, text: string): Promise<void> {
  const file = await disk.open(join(disk.scratch, name), 'append')
  await file.write(Buffer.from(text))
  await file.close()
}

async function read(disk: Disk, path: string, start = 0, end?: number): Promise<string> {
  const pieces: Uint8Array[] = []
  const range = { start, ...(end === undefined ? {} : { end }) }
  for await (const piece of disk.stream(path, range)) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}

describe('files in a bucket', () => {
  it('are there for another machine once their folder is forced to the disk, and not before', async () => {
    const [one, other] = [await openDisk(), await openDisk()]
    const path = join(one.scratch, 'runs/a/rows.jsonl')
    const file = await one.open(path, 'write')
    await file.write(Buffer.from('first\nsecond\n'))
    await file.sync()
    await file.close()
    expect(await one.size(path)).toBe(13)
    const there = join(other.scratch, 'runs/a/rows.jsonl')
    expect(await other.size(there)).toBeUndefined()
    await one.syncFolder(join(one.scratch, 'runs/a'))
    expect(await other.size(there)).toBe(13)
    expect(await read(other, there)).toBe('first\nsecond\n')
    expect(await read(other, there, 6, 12)).toBe('second')
    const random = await other.open(there, 'read')
    expect(Buffer.from(await random.read(6, 100)).toString()).toBe('second\n')
    await random.close()
    expect(server.names).toEqual(['home/runs/a/rows.jsonl'])
  })

  it('that are not whole are never stored', async () => {
    const disk = await openDisk()
    const writing = disk.open(join(disk.scratch, 'runs/a/rows.jsonl'), 'write')
    const file = await writing
    await file.write(Buffer.from('half'))
    await write(disk, 'runs/a/other.jsonl', 'whole')
    expect(server.names).toEqual(['home/runs/a/other.jsonl'])
    await file.close()
  })

  it('are read anew where another machine has replaced them', async () => {
    const [one, other] = [await openDisk(), await openDisk()]
    await write(one, 'runs/a/x.columns', 'old')
    const there = join(other.scratch, 'runs/a/x.columns')
    await (await other.open(there, 'read')).close()
    await write(one, 'runs/a/x.columns', 'newer')
    expect(await read(other, there)).toBe('newer')
    const file = await other.open(there, 'read')
    expect(Buffer.from(await file.read(0, 10)).toString()).toBe('newer')
    await file.close()
  })

  it('are not written over by a process that was halted and wakes up', async () => {
    const [halted, other] = [await openDisk(), await openDisk()]
    const path = join(halted.scratch, 'runs/a/x.columns')
    const file = await halted.open(path, 'write')
    await file.write(Buffer.from('of long ago'))
    await write(other, 'runs/a/x.columns', 'of today')
    await file.sync()
    await file.close()
    await expect(halted.syncFolder(join(halted.scratch, 'runs/a'))).rejects.toThrow('another process has written')
    expect(server.textOf('home/runs/a/x.columns')).toBe('of today')
  })

  it('are not written over by one that was halted before its file had its name', async () => {
    const [halted, other] = [await openDisk(), await openDisk()]
    const writing = writeAtomically(halted, join(halted.scratch, 'runs/a/x.columns'), async (writer) => {
      await write(other, 'runs/a/x.columns', 'of today')
      await writer.writeText('of long ago')
    })
    await expect(writing).rejects.toThrow('another process has written')
    expect(server.textOf('home/runs/a/x.columns')).toBe('of today')
  })

  it('are replaced by a machine that has a copy of what another one has replaced since', async () => {
    const [one, other] = [await openDisk(), await openDisk()]
    await write(one, 'runs/a/x.columns', 'first')
    await write(other, 'runs/a/x.columns', 'second')
    await write(one, 'runs/a/x.columns', 'third')
    expect(server.textOf('home/runs/a/x.columns')).toBe('third')
  })

  it('are stored although the answer is lost, and are not taken for those of another process', async () => {
    const disk = await openDisk()
    let lost = 1
    server.fault = ({ method }) => (method === 'PUT' && lost-- > 0 ? 'lost answer' : null)
    await write(disk, 'runs/a/x.columns', 'once')
    expect(server.calls.filter(({ method }) => method === 'PUT')).toHaveLength(2)
    await write(disk, 'runs/a/x.columns', 'twice')
    expect(server.textOf('home/runs/a/x.columns')).toBe('twice')
  })

  it.each(['status 500', 'status 503', 'cut body'] as const)('come whole through answers with %s', async (fault) => {
    const disk = await openDisk()
    const text = 'a line of some length\n'.repeat(20_000)
    let calls = 0
    server.fault = () => ((calls += 1) % 2 === 1 ? fault : null)
    await write(disk, 'runs/a/rows.jsonl', text)
    expect(await read(disk, join(disk.scratch, 'runs/a/rows.jsonl'))).toBe(text)
    const other = await openDisk()
    expect(await read(other, join(other.scratch, 'runs/a/rows.jsonl'))).toBe(text)
    expect(await read(other, join(other.scratch, 'runs/a/rows.jsonl'), 100_000, 300_001)).toBe(
      text.slice(100_000, 300_001),
    )
  })

  it('that are long are stored in parts', async () => {
    const disk = await openDisk()
    const text = 'x'.repeat(1 << 20)
    await writeAtomically(disk, join(disk.scratch, 'runs/a/rows.jsonl'), async (writer) => {
      for (let count = 0; count < 18; count += 1) await writer.writeText(text)
    })
    const stored = server.objects.get('home/runs/a/rows.jsonl')
    expect(stored?.bytes.length).toBe(18 << 20)
    expect(stored?.version).toMatch(/-3"$/)
    await write(disk, 'runs/a/rows.jsonl', 'short')
    expect(server.textOf('home/runs/a/rows.jsonl')).toBe('short')
  })

  it('are encrypted by the server as the address says', async () => {
    const disk = await openDisk('&encryption=aws%3Akms&encryption-key=key-1')
    await write(disk, 'runs/a/x.columns', 'secret')
    expect(server.objects.get('home/runs/a/x.columns')?.encryption).toBe('aws:kms')
  })

  it('keep what several machines append', async () => {
    const [one, other] = [await openDisk(), await openDisk()]
    await append(one, 'runs/a/log.jsonl', 'one\n')
    await append(other, 'runs/a/log.jsonl', 'other\n')
    await append(one, 'runs/a/log.jsonl', 'one more\n')
    expect(server.names).toEqual([])
    for (const disk of disks.splice(0)) await disk.close()
    expect(server.textOf('home/runs/a/log.jsonl')).toBe('one\none more\nother\n')
  })

  it('are listed and removed with all below them, over several pages', async () => {
    const disk = await openDisk()
    for (const name of ['a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'b/1']) await write(disk, `runs/${name}`, name)
    expect(await disk.list(join(disk.scratch, 'runs/a'))).toEqual(['1', '2', '3', '4', '5'])
    expect(await disk.list(join(disk.scratch, 'runs'))).toEqual(['a', 'b'])
    await disk.remove(join(disk.scratch, 'runs/a'))
    expect(server.names).toEqual(['home/runs/b/1'])
    expect(await disk.size(join(disk.scratch, 'runs/a/1'))).toBeUndefined()
    expect(await disk.readText(join(disk.scratch, 'runs/a/1'))).toBeUndefined()
    await expect(read(disk, join(disk.scratch, 'runs/a/1'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('take a new name together with their content', async () => {
    const disk = await openDisk()
    await write(disk, 'runs/a/unnamed-1.jsonl', 'text')
    await disk.rename(join(disk.scratch, 'runs/a/unnamed-1.jsonl'), join(disk.scratch, 'runs/a/5-output.jsonl'))
    await disk.syncFolder(join(disk.scratch, 'runs/a'))
    expect(server.names).toEqual(['home/runs/a/5-output.jsonl'])
  })

  it('leave no more copies on the machine than it has room for, and none when they are closed', async () => {
    const disk = await openDisk('', 25)
    for (const name of ['1', '2', '3', '4']) await write(disk, `runs/a/${name}`, '0123456789')
    expect(await readdir(join(disk.scratch, 'runs/a'))).toEqual(['3', '4'])
    expect(await read(disk, join(disk.scratch, 'runs/a/1'))).toBe('0123456789')
    const file = await disk.open(join(disk.scratch, 'runs/a/2'), 'read')
    await file.close()
    expect((await readdir(join(disk.scratch, 'runs/a'))).sort()).toEqual(['2', '4'])
    await disk.close()
    disks.splice(0)
    expect(await readdir(folder)).toEqual([])
  })

  it('are told to be out of reach, or refused, in one sentence', async () => {
    server.fault = () => 'status 503'
    const [busy, nowhere] = [server.address(), server.address().replace('s3://work/', 's3://nowhere/')].map(
      (address) => new Bucket(bucketAt(address), KEYS, 2),
    )
    await expect(busy?.check()).rejects.toMatchObject({ code: 'unreachable' })
    server.fault = () => null
    await expect(nowhere?.check()).rejects.toMatchObject({ code: 'configuration' })
    for (const bucket of [busy, nowhere]) bucket?.close()
  })
})
