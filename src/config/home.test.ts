import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../lib/disk.ts'
import { findHome, makeHome, userDataFolder } from './home.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-home-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

function sources() {
  return {
    flag: undefined,
    environment: {},
    configured: { folder },
    workingFolder: folder,
    userFolder: join(folder, 'user'),
    disk: systemDisk,
  }
}

describe('findHome', () => {
  it('prefers the flag, then the environment, then the configuration file', async () => {
    const environment = { LLM_BATCH_HOME: join(folder, 'variable') }
    const all = { ...sources(), flag: 'flag', environment, configured: { home: 'configured', folder } }
    await makeHome(systemDisk, join(folder, '.llm-batch'))
    expect(await findHome(all)).toEqual({ kind: 'folder', path: join(folder, 'flag') })
    expect(await findHome({ ...all, flag: undefined })).toEqual({ kind: 'folder', path: join(folder, 'variable') })
    expect(await findHome({ ...all, flag: undefined, environment: { LLM_BATCH_HOME: '' } })).toEqual({
      kind: 'folder',
      path: join(folder, 'configured'),
    })
  })

  it('finds the nearest project home above the working folder', async () => {
    const deep = join(folder, 'a', 'b', 'c')
    await mkdir(deep, { recursive: true })
    await makeHome(systemDisk, join(folder, '.llm-batch'))
    await makeHome(systemDisk, join(folder, 'a', 'b', '.llm-batch'))
    expect(await findHome({ ...sources(), workingFolder: deep })).toEqual({
      kind: 'folder',
      path: join(folder, 'a', 'b', '.llm-batch'),
    })
    expect(await findHome({ ...sources(), workingFolder: join(folder, 'a') })).toEqual({
      kind: 'folder',
      path: join(folder, '.llm-batch'),
    })
  })

  it('takes the address of a database as it is, shows it without a password, and knows where its files are said to lie', async () => {
    const flag = 'postgres://me:secret@db.example:5433/work?sslmode=require&schema=team'
    const home = await findHome({ ...sources(), flag, environment: { LLM_BATCH_FILES: 'shared' } })
    expect(home).toEqual({
      kind: 'database',
      url: 'postgres://me:secret@db.example:5433/work?sslmode=require',
      schema: 'team',
      shown: 'postgres://me@db.example:5433/work',
      files: join(folder, 'shared'),
    })
    const configured = { home: 'postgresql://db.example/work', files: './files', folder: join(folder, 'beside') }
    expect(await findHome({ ...sources(), configured })).toMatchObject({
      schema: 'llm_batch',
      files: join(folder, 'beside', 'files'),
    })
    expect(await findHome({ ...sources(), flag })).toMatchObject({ files: null })
  })

  it.each(['postgres://db.example', 'postgres://db.example/work?schema=Robert"); drop'])(
    'refuses the address %s',
    async (flag) => {
      await expect(findHome({ ...sources(), flag })).rejects.toMatchObject({ code: 'configuration' })
    },
  )

  it("ends at the user's data folder", async () => {
    expect(await findHome(sources())).toEqual({ kind: 'folder', path: join(folder, 'user') })
  })
})

describe('makeHome', () => {
  it('makes a folder for its owner only, ignored by git', async () => {
    const home = join(folder, 'x', 'home')
    const former = process.umask(0)
    try {
      await makeHome(systemDisk, home)
    } finally {
      process.umask(former)
    }
    expect((await readFile(join(home, '.gitignore'), 'utf8')).split('\n')).toContain('*')
    if (process.platform === 'win32') return
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect((await stat(join(home, '.gitignore'))).mode & 0o777).toBe(0o600)
  })

  it('may be repeated', async () => {
    await makeHome(systemDisk, folder)
    await makeHome(systemDisk, folder)
    expect(await systemDisk.list(folder)).toEqual(['.gitignore'])
  })

  it('refuses a network file system and makes nothing there', async () => {
    const home = join(folder, 'home')
    const disk = { ...systemDisk, networkFileSystem: async () => 'NFS' }
    await expect(makeHome(disk, home)).rejects.toMatchObject({
      code: 'network_file_system',
      message: expect.stringContaining('NFS'),
    })
    expect(await systemDisk.list(folder)).toEqual([])
  })
})

describe('userDataFolder', () => {
  const homeFolder = join('/', 'home', 'ada')

  it.each([
    ['linux', {}, join(homeFolder, '.local', 'share', 'llm-batch')],
    ['linux', { XDG_DATA_HOME: join('/', 'data') }, join('/', 'data', 'llm-batch')],
    ['linux', { XDG_DATA_HOME: 'relative' }, join(homeFolder, '.local', 'share', 'llm-batch')],
    ['freebsd', {}, join(homeFolder, '.local', 'share', 'llm-batch')],
    ['darwin', {}, join(homeFolder, 'Library', 'Application Support', 'llm-batch')],
    ['win32', { LOCALAPPDATA: join('/', 'local') }, join('/', 'local', 'llm-batch')],
    ['win32', {}, join(homeFolder, 'AppData', 'Local', 'llm-batch')],
  ])('on %s with %j is %s', (platform, environment, expected) => {
    expect(userDataFolder({ platform, environment, homeFolder })).toBe(expected)
  })
})
