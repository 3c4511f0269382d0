// Makes one file that needs no Node: npm run executable [FILE]. For Linux x64, after a build; fetches a Node 24 and the tool
// that puts a packed folder into it. Tries what it has made.

import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { fetchPackages } from '../../scripts/fetch-packages.mjs'
import { description, root, run } from '../../scripts/project.mjs'
import { assemble } from '../assemble.mjs'

const PLATFORM = 'linux-x64'
/** The mark in every Node that says where a packed folder would be, as Node's documentation names it. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

const [named = `dist.executable/llm-batch-${description.version}-${PLATFORM}`] = process.argv.slice(2)
const target = resolve(named)
const folder = mkdtempSync(join(tmpdir(), 'llm-batch-executable-'))
try {
  const { folder: tools, node } = await fetchPackages('llm-batch-executable', ['postject@1.0.0-alpha.6'], '24')
  const app = join(folder, 'app')
  assemble(app, { platform: PLATFORM })
  writeFileSync(join(app, 'import.cjs'), 'module.exports = (address) => import(address)\n')
  const packed = pack(app)
  writeFileSync(join(folder, 'files'), packed)
  writeFileSync(
    join(folder, 'version'),
    `${description.version}-${createHash('sha256').update(packed).digest('hex').slice(0, 16)}`,
  )
  const settings = {
    main: join(root, 'packaging', 'executable', 'start.cjs'),
    output: join(folder, 'blob'),
    disableExperimentalSEAWarning: true,
    assets: { files: join(folder, 'files'), version: join(folder, 'version') },
  }
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(settings))
  await must(node, ['--experimental-sea-config', join(folder, 'sea.json')])
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(node, target)
  chmodSync(target, 0o755)
  const postject = join(tools, 'node_modules', 'postject', 'dist', 'cli.js')
  await must(node, [postject, target, 'NODE_SEA_BLOB', settings.output, '--sentinel-fuse', FUSE])
  console.log(`executable: ${target}, ${Math.round(statSync(target).size / 1e6)} MB`)
  await tryOut()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * All files of a folder in one: how long the list is, the list with sizes, the files.
 * @param {string} app
 */
function pack(app) {
  const paths = readdirSync(app, { recursive: true })
    .filter((path) => statSync(join(app, path)).isFile())
    .sort((left, right) => (left < right ? -1 : 1))
  const bodies = paths.map((path) => readFileSync(join(app, path)))
  const list = Buffer.from(JSON.stringify(paths.map((path, at) => [path, bodies[at].length])))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(list.length)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 }
  return brotliCompressSync(Buffer.concat([length, list, ...bodies]), { params })
}

/** Runs it where no Node is on the path and nothing was unpacked before: version, a usage error, and the demo. */
async function tryOut() {
  const environment = { PATH: '/usr/bin:/bin', HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') }
  for (const [words, expected, said] of [
    [['--version'], 0, description.version],
    [['nonsense'], 2, 'unknown command'],
    [['demo', '--rows', '60', '--quiet'], 0, ''],
  ]) {
    const { code, output } = await run(target, words, { folder, environment })
    const isWell = code === expected && output.includes(said)
    console.log(`executable: ${words.join(' ')}: ${isWell ? 'ok' : `FAILED with ${code}: ${output}`}`)
    if (!isWell) process.exitCode = 1
  }
}

async function must(program, words) {
  const { code, output } = await run(program, words)
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}:\n${output}`)
}
