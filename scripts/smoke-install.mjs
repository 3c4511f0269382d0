// Installs a fresh copy of the checkout globally, as README says, and packs it: both must give a working command, although
// nothing was installed or built before.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { description, root, run, runNpm } from './project.mjs'

/** What a fresh clone does not have. */
const NOT_CLONED = ['node_modules', 'dist', '.git', '.llm-batch', 'coverage']

const folder = mkdtempSync(join(tmpdir(), 'llm-batch-install-'))
const clone = join(folder, 'clone')
const prefix = join(folder, 'prefix')
const command = process.platform === 'win32' ? join(prefix, 'llm-batch.cmd') : join(prefix, 'bin', 'llm-batch')

try {
  cpSync(root, clone, { recursive: true, filter: (path) => !NOT_CLONED.includes(basename(path)) })
  const installed = await runNpm(['install', '--global', '--prefix', prefix, '.'], { folder: clone })
  const shown = existsSync(command) ? await run(command, ['--version'], { folder }) : installed
  tell('npm install --global .', shown.output.trim() === description.version, `${installed.output}${shown.output}`)

  rmSync(join(clone, 'dist'), { recursive: true, force: true })
  const packed = await runNpm(['pack', '--pack-destination', folder], { folder: clone })
  const listed = await run('tar', ['-tzf', join(folder, `${description.name}-${description.version}.tgz`)], { folder })
  const hasCommand = listed.output.includes(`package/${description.bin['llm-batch']}`)
  tell('npm pack', hasCommand, `${packed.output}${listed.output}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function tell(what, isWell, output) {
  console.log(`smoke: ${what}: ${isWell ? 'ok' : 'FAILED'}`)
  if (isWell) return
  console.log(output.trimEnd())
  process.exitCode = 1
}
