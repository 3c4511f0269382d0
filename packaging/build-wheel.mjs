// Builds the Python package of packaging/python with the command in it: node packaging/build-wheel.mjs FOLDER. Needs a build
// of the command and python3 with pip, which fetches the tool that makes wheels.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { description, root, run } from '../scripts/project.mjs'
import { assemble } from './assemble.mjs'

const [target = 'dist.wheel'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'llm-batch-wheel-'))
try {
  cpSync(join(root, 'packaging', 'python'), folder, { recursive: true })
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  const project = join(folder, 'pyproject.toml')
  const text = readFileSync(project, 'utf8')
  writeFileSync(project, text.replace('version = "0.0.0"', `version = "${description.version}"`))
  assemble(join(folder, 'src', 'llm_batch_launcher', 'app'))
  const words = ['-m', 'pip', 'wheel', '--no-deps', '--wheel-dir', resolve(target), folder]
  const { code, output } = await run('python3', words)
  if (code !== 0) console.error(output)
  console.log(code === 0 ? `wheel: in ${resolve(target)}` : 'wheel: FAILED')
  process.exitCode = code
} finally {
  rmSync(folder, { recursive: true, force: true })
}
