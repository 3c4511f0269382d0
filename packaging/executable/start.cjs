// What Node runs out of the executable: unpacks the command once, and starts it from there as any Node would. CommonJS,
// because that is what Node 24 takes out of an executable.
'use strict'
const { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { homedir } = require('node:os')
const path = require('node:path')
const { getAsset, getRawAsset } = require('node:sea')
const { pathToFileURL } = require('node:url')
const { brotliDecompressSync } = require('node:zlib')

/** The hash of what is packed: another version unpacks beside this one. */
const version = getAsset('version', 'utf8')

start()

function start() {
  const [executable, , ...words] = process.argv
  // The demo starts programs of its own by this executable, as it would by Node; they lie where this one has unpacked them.
  const own = words[0]?.split(path.join('llm-batch', version) + path.sep)
  if (own?.length === 2 && existsSync(words[0])) {
    process.argv = [executable, ...words]
    return load(path.join(own[0], 'llm-batch', version))
  }
  let folder
  try {
    folder = unpacked()
  } catch (error) {
    console.error(`error: the command cannot be unpacked: ${error.message}`)
    console.error('next: set XDG_CACHE_HOME to a folder that can be written, with 70 MB of room')
    process.exitCode = 1
    return
  }
  process.argv = [executable, main(folder), ...words]
  load(folder)
}

/** Starts the program that `process.argv` names. A text out of an executable imports only what Node has; a file may all. */
function load(folder) {
  createRequire(path.join(folder, 'package.json'))('./import.cjs')(pathToFileURL(process.argv[1]).href)
}

function main(folder) {
  return path.join(folder, 'dist', 'cli', 'main.js')
}

/** The folder with the command; made where it is not there. Two that make it at once do not disturb each other. */
function unpacked() {
  const folder = path.join(cacheFolder(), 'llm-batch', version)
  if (existsSync(main(folder))) return folder
  const fresh = `${folder}.${process.pid}`
  const bytes = brotliDecompressSync(Buffer.from(getRawAsset('files')))
  const bodies = 4 + bytes.readUInt32LE(0)
  let at = bodies
  for (const [name, size] of JSON.parse(bytes.toString('utf8', 4, bodies))) {
    const file = path.join(fresh, name)
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, bytes.subarray(at, at + size))
    at += size
  }
  try {
    renameSync(fresh, folder)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    if (!existsSync(main(folder))) throw error
  }
  return folder
}

function cacheFolder() {
  if (process.platform === 'win32') return process.env.LOCALAPPDATA || path.join(homedir(), 'AppData', 'Local')
  return process.env.XDG_CACHE_HOME || path.join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache')
}
