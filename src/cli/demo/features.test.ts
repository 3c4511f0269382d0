import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { demoRows, packageVersion } from '../../../scripts/demo-rows.mjs'
import { systemDisk } from '../../lib/disk.ts'
import { webFeatures } from './features.ts'

const FOLDER = new URL('../../../data/web-features/', import.meta.url)

describe('the rows of the demo', () => {
  it('are what the script makes of the package, small, with source, version and licence beside them', async () => {
    const path = fileURLToPath(new URL('features.jsonl', FOLDER))
    expect(await readFile(path, 'utf8')).toBe(demoRows())
    expect((await stat(path)).size).toBeLessThan(300_000)
    const readMe = await readFile(new URL('README.md', FOLDER), 'utf8')
    expect(readMe).toContain(`\`web-features\` ${packageVersion()}`)
    expect(readMe).toContain('https://github.com/web-platform-dx/web-features')
    expect(await readFile(new URL('LICENSE.txt', FOLDER), 'utf8')).toContain('Apache License')
  })

  it('are all of them or the first few', async () => {
    const all = await webFeatures(systemDisk, Number.POSITIVE_INFINITY)
    expect(all).toHaveLength(1_204)
    expect(await webFeatures(systemDisk, 2)).toEqual(all.slice(0, 2))
    expect(all[0]).toEqual({ feature: 'a', name: '<a>', description: expect.stringContaining('hyperlink') })
  })
})
