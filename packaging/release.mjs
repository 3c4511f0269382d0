// Looks at everything that a release needs and packs it into dist.release; publishes nothing.
//   node packaging/release.mjs [--checked] [--tag v1.2.3]
// In order: a clean tree, versions, the changelog, `npm run check`, the tests (both left out by --checked, where they were
// run before), the archive, an installation of it with the demo, a publication that npm only plays, Homebrew's formula.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { description, root, run, runNpm } from '../scripts/project.mjs'
import { flawsOf, formulaOf } from './release-flaws.mjs'

const { values: flags } = parseArgs({ options: { checked: { type: 'boolean' }, tag: { type: 'string' } } })
const { name, version } = description
const target = join(root, 'dist.release')
const archive = join(target, `${name}-${version}.tgz`)
const read = (path) => readFileSync(join(root, path), 'utf8')

await step('tree, versions, changelog', readFacts)
if (!flags.checked) {
  await step('npm run check', () => npm('run', '--silent', 'check'))
  await step('npm test', () => npm('test'))
}
await step('pack', pack)
await step('install what was packed', install)
await step('npm publish, without sending', () =>
  npm('publish', '--dry-run', '--ignore-scripts', '--access', 'public', archive),
)
await step('formula', writeFormula)
console.log(`release: ${target} is ready. To publish: git tag v${version} && git push origin v${version}`)

/**
 * Carries a step out and says how it went; ends the process where there is a flaw.
 * @param {string} what
 * @param {() => string | Promise<string>} carryOut Gives what is wrong; an empty text where nothing is.
 */
async function step(what, carryOut) {
  const flaw = await carryOut()
  console.log(`release: ${what}: ${flaw === '' ? 'ok' : 'FAILED'}`)
  if (flaw === '') return
  console.log(flaw.trimEnd())
  process.exit(1)
}

async function readFacts() {
  const { output: changed } = await run('git', ['status', '--porcelain'])
  const [, source = ''] = /VERSION = '(.*)'/.exec(read('src/version.ts')) ?? []
  const { version: lock } = JSON.parse(read('package-lock.json'))
  const facts = { version, lock, source, changelog: read('CHANGELOG.md'), changed, tag: flags.tag }
  return flawsOf(facts).join('\n')
}

async function pack() {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target)
  const setup = await run(process.execPath, [join(root, 'scripts', 'setup.mjs')])
  return setup.code === 0 ? await npm('pack', '--ignore-scripts', '--pack-destination', target) : setup.output
}

/** The archive, installed as users do, shows its version, brings the manual and carries out the demo. */
async function install() {
  const folder = mkdtempSync(join(tmpdir(), 'llm-batch-release-'))
  try {
    const installed = await npm('install', '--global', '--ignore-scripts', '--prefix', folder, archive)
    if (installed !== '') return installed
    const command = join(folder, 'bin', name)
    const shown = await run(command, ['--version'], { folder })
    if (shown.output.trim() !== version) return shown.output
    if (!existsSync(join(folder, 'share', 'man', 'man1', 'llm-batch.1'))) return 'npm did not link the manual page'
    const demo = await run(command, ['demo', '--rows', '60', '--quiet'], { folder })
    return demo.code === 0 ? '' : `the demo ended with ${demo.code}: ${demo.output}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeFormula() {
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex')
  writeFileSync(join(target, `${name}.rb`), formulaOf(read('packaging/homebrew/llm-batch.rb'), { version, sha256 }))
  return ''
}

/** Empty, or what npm said where it failed. */
async function npm(...words) {
  const { code, output } = await runNpm(words)
  return code === 0 ? '' : output
}
