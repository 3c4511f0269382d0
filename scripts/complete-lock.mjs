// Adds to package-lock.json what npm leaves out: optional packages of other platforms that the registry at hand does not
// carry. Without them `npm ci` refuses the lock file everywhere. To be run after `npm install` changed the lock file;
// an entry added here has no checksum, and gets one when `npm install` next runs against a registry that has the package.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './project.mjs'

const OPERATING_SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' }

/** The optional packages that a lock file names as needed, but does not hold: path in the lock file, version, dev. */
export function missingOptionals(lock) {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isHeld(lock, path, name))
      .map(([name, version]) => ({ name, version, dev: entry.dev === true })),
  )
}

/** npm looks for a package below the one that needs it, and then below every folder above. */
function isHeld(lock, path, name) {
  const folders = path.split('/node_modules/')
  return (
    lock.packages[`node_modules/${name}`] !== undefined ||
    folders.some(
      (_, index) => lock.packages[`${folders.slice(0, index + 1).join('/node_modules/')}/node_modules/${name}`],
    )
  )
}

function entryOf({ name, version, dev }) {
  const words = name.split(/[/@-]/)
  const pick = (known) => words.filter((word) => known.includes(word))
  const [os, cpu] = [pick(OPERATING_SYSTEMS), pick(PROCESSORS)]
  if (words.includes('eabi')) cpu.push('arm')
  const libc = words.flatMap((word) => LIBRARIES[word] ?? [])
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(dev && { dev }),
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  }
}

function complete() {
  const path = join(root, 'package-lock.json')
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  const missing = missingOptionals(lock)
  for (const one of missing) {
    const entry = entryOf(one)
    const isExact = /^\d+\.\d+\.\d+/.test(one.version)
    if (!isExact || (!entry.os && !entry.cpu)) throw new Error(`cannot tell the platform or version of ${one.name}`)
    lock.packages[`node_modules/${one.name}`] = entry
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([left], [right]) => (left < right ? -1 : 1)))
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`complete-lock: added ${missing.length} packages of other platforms`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) complete()
