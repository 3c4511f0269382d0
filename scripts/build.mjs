// Builds dist from nothing, so that no file of a renamed source stays behind. The new folder takes the old one's place
// only when it is complete: a program that starts from dist meanwhile meets the old files or the new ones.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildPage } from './build-page.mjs'
import { STAMP, sourceHash } from './build-stamp.mjs'
import { bundle } from './bundle.mjs'
import { commandOf, description, root, run } from './project.mjs'

const final = join(root, 'dist')
const fresh = join(root, `dist.new-${process.pid}`)
const former = join(root, `dist.old-${process.pid}`)

/** What is started or imported by name: the command, its demo's programs, the library's entries, schemas, the manual. */
const SOURCES = [
  'cli/main',
  'cli/demo/server-process',
  'cli/demo/naive-script',
  'index',
  'ai-sdk',
  'fetch',
  'provider',
  'webhooks',
  'testing',
  'config/file-schema',
  'cli/jobs/job-schema',
  'cli/reference/manual',
]

/** Started as threads: bundled each by itself, so that it loads nothing that it does not need. */
const THREADS = ['prepare/thread/preparing-thread']

try {
  process.exitCode = await build()
} finally {
  for (const folder of [fresh, former]) rmSync(folder, { recursive: true, force: true })
}

/** Returns the exit code. */
async function build() {
  const hash = sourceHash()
  const project = join(root, 'tsconfig.build.json')
  const types = [commandOf('typescript', 'tsc'), '-p', project, '--outDir', fresh]
  const bundles = [SOURCES, ...THREADS.map((path) => [path])].map((sources) => bundle(sources, fresh))
  const [{ code, output }] = await Promise.all([run(process.execPath, types), ...bundles, buildPage(fresh)])
  if (code !== 0) {
    process.stderr.write(output)
    return 1
  }
  for (const path of Object.values(description.bin)) chmodSync(join(fresh, path.replace(/^dist\//, '')), 0o755)
  await writeSchemas()
  await writeManual()
  writeFileSync(join(fresh, STAMP), hash)
  if (existsSync(final)) renameSync(final, former)
  renameSync(fresh, final)
  return 0
}

/** Ships the schemas of the files that users write, so that editors can check and complete them. */
async function writeSchemas() {
  const { configurationJsonSchema } = await import(pathToFileURL(join(fresh, 'config', 'file-schema.js')).href)
  const { jobJsonSchema } = await import(pathToFileURL(join(fresh, 'cli', 'jobs', 'job-schema.js')).href)
  for (const [name, schema] of [
    ['config-schema.json', configurationJsonSchema()],
    ['job-schema.json', jobJsonSchema()],
  ]) {
    writeFileSync(join(fresh, name), `${JSON.stringify(schema, null, 2)}\n`)
  }
}

/** Ships the manual page; its date is that of the build, or the one that a reproducible build is told. */
async function writeManual() {
  const { manual } = await import(pathToFileURL(join(fresh, 'cli', 'reference', 'manual.js')).href)
  const epoch = process.env.SOURCE_DATE_EPOCH
  const date = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000)
  mkdirSync(join(fresh, 'man'))
  writeFileSync(join(fresh, 'man', 'llm-batch.1'), await manual(date.toISOString().slice(0, 10)))
}
