// Builds dist from nothing, so that no file of a renamed source stays behind. The new folder takes the old one's place
// only when it is complete: a program that is running from dist meanwhile meets the old files or the new ones.
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { STAMP, sourceHash } from './build-stamp.mjs'
import { commandOf, description, root, run } from './project.mjs'

const final = join(root, 'dist')
const fresh = join(root, `dist.new-${process.pid}`)
const former = join(root, `dist.old-${process.pid}`)

try {
  process.exitCode = await build()
} finally {
  for (const folder of [fresh, former]) rmSync(folder, { recursive: true, force: true })
}

/** Returns the exit code. */
async function build() {
  const hash = sourceHash()
  const project = join(root, 'tsconfig.build.json')
  const { code, output } = await run(process.execPath, [
    commandOf('typescript', 'tsc'),
    '-p',
    project,
    '--outDir',
    fresh,
  ])
  if (code !== 0) {
    process.stderr.write(output)
    return 1
  }
  for (const path of Object.values(description.bin)) chmodSync(join(fresh, path.replace(/^dist\//, '')), 0o755)
  await writeSchemas()
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
