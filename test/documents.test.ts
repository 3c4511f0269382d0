import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DIRECTIVES, FAULTS, FLAWS } from '../src/testing.ts'
import { VERSION } from '../src/version.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')

describe('the documents', () => {
  it('list every fault and directive of the local server as the code describes it', async () => {
    const page = await read('docs/local-server.md')
    for (const { description, name } of FAULTS) {
      expect(page).toContain(`\`${name}`)
      expect(page).toContain(description)
    }
    for (const { description, name } of FLAWS) expect(page).toContain(`| \`${name}\` | ${description} |`)
    for (const { description, name } of DIRECTIVES) expect(page).toContain(`| \`${name}\` | ${description} |`)
  })

  it('link only to files that exist', async () => {
    const folders = ['.', 'docs', 'docs/providers', 'docs/decisions', 'bench']
    const broken: string[] = []
    for (const folder of folders) {
      for (const name of (await readdir(join(ROOT, folder))).filter((file) => file.endsWith('.md'))) {
        const page = await read(join(folder, name))
        for (const [, target = ''] of page.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
          if (/^[a-z]+:/.test(target)) continue
          const path = resolve(ROOT, folder, target)
          const entries = await readdir(dirname(path)).catch(() => [])
          if (!entries.some((entry) => join(dirname(path), entry) === path)) broken.push(`${folder}/${name}: ${target}`)
        }
      }
    }
    expect(broken).toEqual([])
  })

  it('and the code name the same version as the package', async () => {
    const { version } = JSON.parse(await read('package.json')) as { version: string }
    expect(VERSION).toBe(version)
    expect(await read('CHANGELOG.md')).toContain(`## ${version}`)
  })
})
