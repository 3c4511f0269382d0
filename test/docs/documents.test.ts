import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DIRECTIVES, FAULTS, FLAWS, PECULIARITIES } from '../../src/testing.ts'
import { VERSION } from '../../src/version.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The folders that documents name files of, and whose comments are held to a width. */
const FOLDERS = [
  'src',
  'test',
  'docs',
  'scripts',
  'proof',
  'bench',
  'examples',
  'data',
  'deploy',
  'packaging',
  'skills',
]

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
    for (const { description, name } of PECULIARITIES) expect(page).toContain(`| \`${name}\` | ${description} |`)
    for (const { description, name } of DIRECTIVES) expect(page).toContain(`| \`${name}\` | ${description} |`)
  })

  it('link only to files that exist, and to headings that these have', async () => {
    const paths = new Set([...(await pathsIn(FOLDERS)), ...(await readdir(ROOT))])
    const pages = [...paths].filter((path) => path.endsWith('.md'))
    const links = (await Promise.all(pages.map((page) => linksOf(page)))).flat()
    const broken = await Promise.all(
      links.map(async ({ heading, page, path }) => {
        if (!paths.has(path)) return [`${page}: ${path}`]
        return heading === '' || (await headingsOf(path)).includes(heading) ? [] : [`${page}: ${path}#${heading}`]
      }),
    )
    expect(links.length).toBeGreaterThan(200)
    expect(broken.flat()).toEqual([])
  })

  it('can all be reached from the index of docs, which README links to', async () => {
    const pages = (await pathsIn(['docs'])).filter((path) => path.endsWith('.md'))
    const reached = new Set(['docs/README.md'])
    for (const page of reached) {
      for (const { path } of await linksOf(page)) if (pages.includes(path)) reached.add(path)
    }
    expect(pages.filter((page) => !reached.has(page))).toEqual([])
    expect((await linksOf('README.md')).map(({ path }) => path)).toContain('docs/README.md')
  })

  it('name the commit and the numbers of the last proof where they tell of it', async () => {
    const proof = await read('docs/proof.md')
    const [, day = '', commit = ''] = proof.match(/on (\d{4}-\d\d-\d\d) from commit (\w{7})/) ?? []
    const counted = ['simulated seeds', 'crashes at every step', 'create cells', 'runs of the real command']
    const numbers = counted.map((part) => Number(proof.match(new RegExp(`\\| ${part} \\| (\\d+) `))?.[1]))
    const told = [day, commit, ...numbers.map((number) => number.toLocaleString('en-US'))]
    for (const page of ['README.md', 'docs/evidence.md']) {
      const text = await read(page)
      expect(told.filter((part) => !text.includes(part)).map((part) => `${page} does not tell ${part}`)).toEqual([])
    }
  })

  it('of the tests names every folder of tests, and every room of the sources with the tests that guard it', async () => {
    const page = await read('test/README.md')
    const foldersOf = async (path: string): Promise<readonly string[]> =>
      (await readdir(join(ROOT, path), { withFileTypes: true }))
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    expect((await foldersOf('src')).filter((room) => !rows.some((row) => row.includes(`\`${room}/\``)))).toEqual([])
    const isNamed = (folder: string): boolean => page.includes(`\`test/${folder}\``) || page.includes(`](${folder}/`)
    expect((await foldersOf('test')).filter((folder) => !isNamed(folder))).toEqual([])
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

/** A link of a page to a file of the project, and to one of its headings; an empty heading stands for the whole file. */
interface Link {
  readonly page: string
  readonly path: string
  readonly heading: string
}

async function linksOf(page: string): Promise<readonly Link[]> {
  const links = [...(await read(page)).matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)]
  return links
    .filter(([, target = '']) => !/^[a-z]+:/.test(target))
    .map(([, target = '', heading = '']) => {
      const path = relative(ROOT, target === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), target))
      return { page, path: path.replaceAll('\\', '/').replace(/\/$/, ''), heading }
    })
}

/** The headings of a page as links name them. */
async function headingsOf(page: string): Promise<readonly string[]> {
  return [...(await read(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\d\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
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
