import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

const FOLDER = fileURLToPath(new URL('../../dist/page', import.meta.url))

/** What a browser loads for the first look, and that is everything. */
const MOST_BYTES = 60_000

interface BuiltFile {
  readonly path: string
  readonly text: string
}

async function builtFiles(): Promise<readonly BuiltFile[]> {
  const entries = await readdir(FOLDER, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') })))
}

describe('the built page', () => {
  it('is a document, a script, a sheet of styles and an icon of at most 60 kB together, compressed', async () => {
    const files = await builtFiles()
    expect(files.map(({ path }) => extname(path)).sort()).toEqual(['.css', '.html', '.js', '.svg'])
    const bytes = files.reduce((sum, { text }) => sum + gzipSync(text).length, 0)
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES)
  })

  it('names no address outside of itself, but for the names of two languages', async () => {
    const addresses = (await builtFiles()).flatMap(({ text }) => text.match(/(?:https?|wss?):\/\/[^\s"'`)<]+/g) ?? [])
    const languages = [
      'http://www.w3.org/1998/Math/MathML',
      'http://www.w3.org/1999/xhtml',
      'http://www.w3.org/2000/svg',
    ]
    expect(addresses.filter((address) => !languages.includes(address))).toEqual([])
  })

  it('has no script or style in its document, and makes neither from text', async () => {
    const files = await builtFiles()
    const document = files.find(({ path }) => path.endsWith('.html'))?.text ?? ''
    expect(document).toContain('<div id="page">')
    expect(document).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/)
    const script = files.find(({ path }) => path.endsWith('.js'))?.text ?? ''
    expect(script).not.toMatch(/\beval\(|new Function\(|insertAdjacentHTML|document\.write/)
  })
})
