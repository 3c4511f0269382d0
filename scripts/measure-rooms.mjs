// Measures how the sources are laid out, for docs/decisions/2026-11-28-rooms.md: node scripts/measure-rooms.mjs [COMMIT]
// prints a table of the commit, by default of the last one. Tests are left out.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseSync } from 'oxc-parser'
import { root } from './project.mjs'

/** Options whose names are looked for: `run` has had them longest, and no other thing is called so. */
const OPTIONS = ['imageDetail', 'suffixColumn', 'skipInvalid', 'timeoutHours', 'idColumn']
/** Columns of the answers, looked for by the names that users read, without the prefix. */
const COLUMNS = ['finish_reason', 'cost_usd']
/** Names of the providers; a file that has one in its code, comments aside, knows a provider. */
const PROVIDER = /openai|mistral/i
/** Rooms whose subject is a provider: the adapters, the emulator, the classes named after providers, and the demo. */
const PROVIDER_ROOMS = /^src\/(?:providers|server|processors|cli\/demo)\//

const execute = promisify(execFile)
const [commit = 'HEAD'] = process.argv.slice(2)
const files = await sourcesOf(commit)
const largest = largestFolder()
const port = largestPort()

for (const [measure, value] of [
  ['files of src', files.length],
  ['lines of src', files.reduce((sum, { text }) => sum + text.split('\n').length - 1, 0)],
  ['largest folder (files)', `${largest.folder} (${largest.count})`],
  ['largest port (verbs)', `${port.name} (${port.count})`],
  ['files outside of the rooms of providers that name a provider', knowers().length],
  ['files that name an option', spread(OPTIONS)],
  ['files that name a column', spread(COLUMNS)],
]) {
  console.log(`| ${measure} | ${value} |`)
}

/** The source files of a commit, without tests, with their code: the text in which comments are blanks. */
async function sourcesOf(name) {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-measures-'))
  try {
    const archive = join(folder, 'sources.tar')
    await execute('git', ['archive', '--output', archive, name, 'src'], { cwd: root })
    await execute('tar', ['-xf', 'sources.tar'], { cwd: folder })
    const paths = (await readdir(join(folder, 'src'), { recursive: true })).map(
      (path) => `src/${path.replaceAll('\\', '/')}`,
    )
    const sources = paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    return await Promise.all(sources.map(async (path) => sourceOf(path, await readFile(join(folder, path), 'utf8'))))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function sourceOf(path, text) {
  const { comments, program } = parseSync(path, text)
  const blank = (rest, { end, start }) => rest.slice(0, start) + ' '.repeat(end - start) + rest.slice(end)
  return { path, text, code: comments.reduce(blank, text), program }
}

/** The folder that holds most files itself. */
function largestFolder() {
  const counts = new Map()
  for (const { path } of files) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  const [folder, count] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))
  return { folder, count }
}

/** The interface with most methods, and those of it alone. */
function largestPort() {
  const ports = files.flatMap(({ path, program }) =>
    program.body
      .map((node) => node.declaration ?? node)
      .filter(({ type }) => type === 'TSInterfaceDeclaration')
      .map(({ body, id }) => ({
        name: `${id.name} in ${path}`,
        count: body.body.filter(({ type }) => type === 'TSMethodSignature').length,
      })),
  )
  return ports.reduce((most, next) => (next.count > most.count ? next : most))
}

function knowers() {
  return files.filter(({ code, path }) => !PROVIDER_ROOMS.test(path) && PROVIDER.test(code))
}

/** In how many files each of the names stands, comments aside; the rooms of providers have words of their own. */
function spread(names) {
  const others = files.filter(({ path }) => !PROVIDER_ROOMS.test(path))
  const counts = names.map((name) => others.filter(({ code }) => new RegExp(`\\b${name}\\b`).test(code)).length)
  return names.map((name, place) => `${name} ${counts[place]}`).join(', ')
}
