import { extname, join } from 'node:path'
import type { Disk } from '../../lib/disk.ts'
import { text } from './replies.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

const NOT_BUILT =
  'llm-batch: the page is not part of this installation. In a checkout of the sources, build it with: npm run build\n'

/** Texts of files and their types, by the paths under which they are asked for. */
type Files = ReadonlyMap<string, { readonly body: string; readonly type: string }>

/** The files of the page as they were built; small, and few. */
export class PageFiles {
  readonly #files: Files

  private constructor(files: Files) {
    this.#files = files
  }

  /** Reads them from the folder that the build has made; none where there is none. Only these are ever served. */
  static async read(disk: Disk, folder: string): Promise<PageFiles> {
    const files = new Map<string, { body: string; type: string }>()
    await addFiles(files, disk, folder, '')
    return new PageFiles(files)
  }

  /** The file at the path of an address. */
  answer(path: string): Response | undefined {
    const file = this.#files.get(path === '/' ? '/index.html' : path)
    if (file) return text(file.body, file.type)
    return path === '/' ? text(NOT_BUILT, 'text/plain; charset=utf-8', 503) : undefined
  }
}

async function addFiles(
  files: Map<string, { body: string; type: string }>,
  disk: Disk,
  folder: string,
  path: string,
): Promise<void> {
  for (const name of await disk.list(folder)) {
    const place = join(folder, name)
    const type = TYPES[extname(name)]
    if ((await disk.size(place)) === undefined) await addFiles(files, disk, place, `${path}/${name}`)
    else if (type !== undefined) files.set(`${path}/${name}`, { body: (await disk.readText(place)) ?? '', type })
  }
}
