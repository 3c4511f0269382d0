// Builds the image of deploy/Dockerfile and runs it, where there is no registry of images and no engine: on Debian, as root,
// with the packages buildah and debootstrap. The two base images are stand-ins with the same content: a small Debian from
// its own packages, and Node from npm. `RUN` lines and the command are carried out in a chroot, with this machine's network.
//   node packaging/try-container.mjs
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fetchPackages } from '../scripts/fetch-packages.mjs'
import { description, root, run } from '../scripts/project.mjs'

const DOCKERFILE = join(root, 'deploy', 'Dockerfile')
const IMAGE = 'llm-batch-try'
const USER = 10_001
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'llm-batch-container')
const folder = mkdtempSync(join(tmpdir(), 'llm-batch-container-'))
const store = ['--storage-driver', 'vfs', '--root', join(folder, 'store'), '--runroot', join(folder, 'run')]

try {
  const [nodeImage, debianImage] = [...readFileSync(DOCKERFILE, 'utf8').matchAll(/^FROM (\S+)/gm)].map(
    ([, name]) => name,
  )
  const debian = await debianFolder()
  await makeImage(debianImage, debian, [])
  await makeImage(nodeImage, debian, await nodeFiles(/\d+/.exec(nodeImage)?.[0]))
  await build()
  const container = (await buildah('from', '--pull-never', IMAGE)).trim()
  const mounted = (await buildah('mount', container)).trim()
  tell('size', await must('du', ['-sh', '--exclude=./proc', mounted]))
  await tryIn(mounted)
} finally {
  await run('buildah', [...store, 'rm', '--all'])
  rmSync(folder, { recursive: true, force: true })
}

/** A small Debian, made once. */
async function debianFolder() {
  const made = join(cache, 'debian')
  if (existsSync(join(made, 'bin', 'sh'))) return made
  mkdirSync(cache, { recursive: true })
  await must('debootstrap', ['--variant=minbase', 'bookworm', made])
  return made
}

/** The program of Node and its npm, where the image of Node has them. */
async function nodeFiles(major) {
  const { node } = await fetchPackages(`llm-batch-node-${major}`, [], major)
  const npm = dirname(dirname((await must('realpath', [(await must('sh', ['-c', 'command -v npm'])).trim()])).trim()))
  return [
    [node, '/usr/local/bin/node'],
    [npm, '/usr/local/lib/node_modules/npm'],
  ]
}

async function makeImage(name, base, files) {
  const container = (await buildah('from', 'scratch')).trim()
  await buildah('copy', container, base, '/')
  for (const [from, to] of files) await buildah('copy', container, from, to)
  if (files.length > 0)
    await buildah(
      'run',
      '--isolation',
      'chroot',
      container,
      '--',
      'ln',
      '-s',
      '../lib/node_modules/npm/bin/npm-cli.js',
      '/usr/local/bin/npm',
    )
  await buildah('commit', '--rm', container, `docker.io/library/${name}`)
  tell('stand-in', name)
}

/** npm takes the packages from the cache of this machine, to which an earlier `npm ci` brought them. */
async function build() {
  const settings = join(folder, 'npmrc')
  writeFileSync(settings, 'offline=true\ncache=/npm-cache\n')
  const npmCache = (await must('npm', ['config', 'get', 'cache'])).trim()
  const volumes = ['--volume', `${settings}:/root/.npmrc:ro`, '--volume', `${npmCache}:/npm-cache`]
  await buildah(
    'bud',
    '--isolation',
    'chroot',
    '--pull-never',
    ...volumes,
    '--format',
    'docker',
    '-f',
    DOCKERFILE,
    '-t',
    IMAGE,
    root,
  )
  const inspected = JSON.parse(await buildah('inspect', '--type', 'image', IMAGE)).Docker.config
  tell('built', `user ${inspected.User}, ${inspected.Entrypoint.join(' ')} ${inspected.Cmd.join(' ')}`)
}

/** Runs the command as the image says, in its own tree that cannot be written, and looks at health, demo and signals. */
async function tryIn(mounted) {
  const { Env, Healthcheck } = JSON.parse(await buildah('inspect', '--type', 'image', IMAGE)).Docker.config
  const script = join(folder, 'try.sh')
  const variables = Env.map((pair) => `'${pair}'`).join(' ')
  const health = Healthcheck.Test.slice(1)
    .map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`)
    .join(' ')
  const inImage = join(folder, 'in-image.sh')
  // One program becomes the next, so that a signal reaches the command.
  writeFileSync(
    inImage,
    `exec env -i ${variables} chroot --userspec=${USER}:${USER} '${mounted}' /bin/sh -c 'cd /work && exec "$@"' sh "$@"\n`,
  )
  writeFileSync(
    script,
    `set -u
tree='${mounted}'
in_image() { sh '${inImage}' "$@"; }
mount --bind "$tree" "$tree" && mount -t proc proc "$tree/proc" && mount --bind /dev "$tree/dev" || exit 1
for place in tmp data work; do mount -t tmpfs -o uid=${USER},gid=${USER} tmpfs "$tree/$place" || exit 1; done
mount -o remount,bind,ro "$tree" || exit 1
in_image llm-batch --version
in_image id -u
in_image touch /app/x
in_image sh -c 'command -v npm' || echo 'no npm'
in_image llm-batch demo --rows 50 --quiet && echo 'demo ok'
sh '${inImage}' llm-batch worker --port 9464 & worker=$!
for round in 1 2 3 4 5 6 7 8 9 10; do sleep 1; in_image ${health} && echo 'health ok' && break; done
kill -TERM "$worker"; wait "$worker"; echo "worker: exit $?"
in_image ${health} || echo 'health: nothing is at work'
`,
  )
  const { code, output } = await run('unshare', ['--mount', 'sh', script], { timeoutMs: 120_000 })
  console.log(output.trimEnd())
  const said = [
    description.version,
    USER,
    'Read-only',
    'no npm',
    'demo ok',
    'health ok',
    'worker: exit 0',
    'health: nothing',
  ]
  const isWell = code === 0 && said.every((text) => output.includes(String(text)))
  tell('run in a tree that cannot be written', isWell ? 'ok' : 'FAILED')
  if (!isWell) process.exitCode = 1
}

async function buildah(...words) {
  return await must('buildah', [...store, ...words])
}

/** What a program writes; throws where it fails. */
async function must(program, words) {
  const { code, output } = await run(program, words)
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}:\n${output.split('\n').slice(-15).join('\n')}`)
  return output
}

function tell(what, text) {
  console.log(`container: ${what}: ${text.trim()}`)
}
