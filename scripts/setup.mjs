// Makes a fresh clone usable: installs the dependencies and builds, each only where needed, and says so.
// Everything here must run on a machine that has Node and npm and nothing else, so it imports nothing installed. npm runs
// it too, as `prepare`: after `npm ci`, before `npm pack`, and for `npm install --global .`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isBuilt } from './build-stamp.mjs'
import { description, root, run, runNpm } from './project.mjs'

refuseOldNode()
if (isForProductionOnly()) {
  console.log('setup: not built, because npm was told to leave development packages out')
  process.exit(0)
}
if (!isInstalled()) await install()
if (!isBuilt()) await build()

function refuseOldNode() {
  const wanted = description.engines.node.replace('>=', '')
  const isOlder = process.versions.node.localeCompare(wanted, 'en', { numeric: true }) < 0
  if (isOlder) stop(`llm-batch needs Node ${wanted} or newer; this is Node ${process.versions.node}.`)
}

/** True where npm installs a checkout without development packages, which a build would bring back; never globally. */
function isForProductionOnly() {
  const { npm_config_global: isGlobal, npm_config_omit: omitted = '', npm_lifecycle_event: event } = process.env
  return event === 'prepare' && isGlobal !== 'true' && omitted.split(/\s+/).includes('dev')
}

/** True where npm's own record of node_modules names every package of the lock file in the locked version. */
function isInstalled() {
  const recordPath = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(recordPath)) return false
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(recordPath, 'utf8')).packages
  return Object.entries(locked).every(
    ([path, wanted]) => path === '' || wanted.optional === true || installed[path]?.version === wanted.version,
  )
}

async function install() {
  console.log('setup: installing the dependencies (npm ci), about half a minute')
  // Development packages are needed to build, also where NODE_ENV says production.
  // No install script is needed, and npm would call this one as `prepare` once more.
  const words = ['ci', '--include=dev', '--ignore-scripts', '--no-fund', '--no-audit']
  const { code, output } = await runNpm(words, { environment: localEnvironment() })
  if (code !== 0) stop(`npm ci failed:\n${output}`)
}

/** The environment without the settings of an `npm install --global` that runs this, which `npm ci` refuses. */
function localEnvironment() {
  const isGlobal = /^npm_config_(?:global|location|prefix|local_prefix)$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isGlobal.test(name)))
}

async function build() {
  console.log('setup: building (TypeScript to dist), a few seconds')
  const { code, output } = await run(process.execPath, [join(root, 'scripts', 'build.mjs')])
  if (code !== 0) stop(`the build failed:\n${output}`)
}

function stop(reason) {
  console.error(`setup: ${reason}`)
  process.exit(1)
}
