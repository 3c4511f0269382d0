// Puts the built command and the locked packages that it needs into one folder, from which any Node runs it: what the
// container, the Python package and the executable carry.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { description, root } from '../scripts/project.mjs'

/** Peers that the user of such a folder cannot add to it: a home in Postgres, files in a bucket, traces. */
const PEERS = ['pg', '@aws-sdk/client-s3', '@aws-sdk/lib-storage', '@opentelemetry/api']

/** Packages that are taken by name; what they need comes with them. */
export const NAMES = [...Object.keys(description.dependencies), ...PEERS]

/** What of this package the command reads when it runs, or a licence asks to go with it. */
const OWN = ['dist', 'data', 'LICENSE']

/** Only compilers, debuggers and people read these. */
const IDLE =
  /\.(?:[cm]?ts|map|markdown|md)$|\/(?:binding\.gyp|\.made-from)$|\/@photostructure\/sqlite\/(?:src|scripts)$/

/**
 * Makes the folder from nothing. `platform`, such as `linux-x64`, leaves out the binaries of all others; without one the
 * folder runs everywhere. Needs `dist` and `node_modules` as `npm ci` lays them.
 * @param {string} folder
 * @param {{ platform?: string }} [options]
 * @returns {readonly string[]} The packages beside our own, as paths below the folder.
 */
export function assemble(folder, { platform } = {}) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const isTaken = (path) => !IDLE.test(path.replaceAll('\\', '/')) && isOf(platform, path)
  const packages = packagesOf(NAMES)
  for (const path of [...OWN, ...packages].filter((each) => existsSync(join(root, each)))) {
    cpSync(join(root, path), join(folder, path), { recursive: true, filter: isTaken })
  }
  const { bin, engines, exports, license, name, type, version } = description
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name, version, license, type, bin, exports, engines }, null, 2)}\n`,
  )
  return packages
}

/**
 * The packages of these names and all that they need, as the lock has them: paths such as `node_modules/pg`.
 * @param {readonly string[]} names
 */
export function packagesOf(names) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const found = new Set(names.map((name) => `node_modules/${name}`))
  for (const path of found) {
    const {
      dependencies = {},
      optionalDependencies = {},
      peerDependencies = {},
      peerDependenciesMeta = {},
    } = packages[path]
    const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const place = placeOf(packages, path, name)
      if (place !== undefined && existsSync(join(root, place))) found.add(place)
      else if (!(name in optionalDependencies)) throw new Error(`${path} needs ${name}, which is not installed: npm ci`)
    }
  }
  // A package inside another one comes with it.
  return [...found].filter((path) => ![...found].some((other) => path.startsWith(`${other}/`))).toSorted()
}

/** Where Node finds a package that another one names. */
function placeOf(packages, from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = folder === '.' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (place in packages) return place
    if (folder === '.') return undefined
  }
}

/** Whether a file is for this platform, or for all. */
function isOf(platform, path) {
  const [, named] = /[\\/]prebuilds[\\/]([^\\/]+)/.exec(path) ?? []
  return platform === undefined || named === undefined || named === platform
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, platform] = process.argv.slice(2)
  if (folder === undefined) throw new Error('name the folder to make: node packaging/assemble.mjs FOLDER [PLATFORM]')
  console.log(`${folder}: ${assemble(folder, { platform }).length} packages`)
}
