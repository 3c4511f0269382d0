import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DIRECTIVES, FAULTS, FLAWS } from '../../src/testing.ts'
import { VERSION } from '../../src/version.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The folders that documents name files of, and whose comments are held to a width. */
const FOLDERS = ['src', 'test', 'docs', 'scripts', 'proof', 'bench', 'examples']

/** The most characters of a line that is a comment: the width at which reviews and terminals still show it whole. */
const WIDEST_COMMENT = 126

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

  it('of the package, README, links only to what the package holds', async () => {
    const { files } = JSON.parse(await read('package.json')) as { files: string[] }
    const links = [...(await read('README.md')).matchAll(/\]\(([^)#\s]+)/g)].map(([, target = '']) => target)
    const missing = links.filter((link) => !/^[a-z]+:/.test(link) && !files.includes(link.split('/')[0] ?? ''))
    expect(links.length).toBeGreaterThan(20)
    expect(missing).toEqual([])
  })

  it('name only files and folders that exist', async () => {
    const paths = await pathsIn(FOLDERS)
    const pages = [...paths.filter((path) => path.endsWith('.md')), ...(await topLevelPages())]
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/faults.md', 'bench/README.md']))
    const named = await Promise.all(
      pages.map(async (page) => pathsNamedIn(await read(page)).map((path) => ({ page, path }))),
    )
    expect(named.flat().filter(({ path }) => !paths.some((known) => pattern(path).test(known)))).toEqual([])
  })

  it.each([
    ['a file', '`src/index.ts`', 0],
    ['a pattern', '`src/providers/openai/*.ts`, `examples/*`', 0],
    ['a folder', '`test/support/`', 0],
    ['a place for a name', '`docs/providers/NAME.md`', 0],
    ['a file that is gone', 'see `src/plan/split.ts`.', 1],
    ['a pattern without a file', '`test/fault/*.ts`', 1],
  ])('are checked for %s', async (_, page, gone) => {
    const paths = await pathsIn(FOLDERS)
    expect(pathsNamedIn(page).filter((path) => !paths.some((known) => pattern(path).test(known)))).toHaveLength(gone)
  })

  it('and the code name the same version as the package', async () => {
    const { version } = JSON.parse(await read('package.json')) as { version: string }
    expect(VERSION).toBe(version)
    expect(await read('CHANGELOG.md')).toContain(`## ${version}`)
  })
})

describe('the comments of the sources', () => {
  it(`have lines of at most ${WIDEST_COMMENT} characters`, async () => {
    const sources = (await pathsIn(FOLDERS)).filter((path) => /\.(?:ts|mts|mjs|js)$/.test(path))
    expect(sources.length).toBeGreaterThan(500)
    const lines = await Promise.all(
      sources.map(async (path) =>
        (await read(path)).split('\n').map((line, index) => ({ line, place: `${path}:${index + 1}` })),
      ),
    )
    const wide = lines.flat().filter(({ line }) => line.length > WIDEST_COMMENT && /^\s*(?:\/\/|\/?\*)/.test(line))
    expect(wide.map(({ place }) => place)).toEqual([])
  })
})

/** Everything in these folders of the project, files and folders, named from its root with slashes. */
async function pathsIn(folders: readonly string[]): Promise<string[]> {
  const listed = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((path) => `${folder}/${path.replaceAll('\\', '/')}`),
    ),
  )
  return listed.flat()
}

async function topLevelPages(): Promise<string[]> {
  return (await readdir(ROOT)).filter((name) => name.endsWith('.md'))
}

/** The paths that a page names between backticks; one with `NAME` in it stands for a file that is yet to be made. */
function pathsNamedIn(page: string): string[] {
  const named = [...page.matchAll(new RegExp(`\`((?:${FOLDERS.join('|')})/[\\w./*-]+)\``, 'g'))]
  return named.map(([, path = '']) => path).filter((path) => !path.includes('NAME'))
}

/** A named path as an expression: a star stands for any characters of one name. */
function pattern(path: string): RegExp {
  const escaped = path.replace(/\/$/, '').replaceAll('.', String.raw`\.`).replaceAll('*', '[^/]*')
  return new RegExp(`^${escaped}$`)
}
