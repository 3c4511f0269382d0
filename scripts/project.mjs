import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout, with a separator at the end. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** The project's own description. */
export const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The file that Node runs for a command of an installed package, such as `tsc` of `typescript`. */
export function commandOf(packageName, command) {
  const folder = join(root, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(folder, typeof bin === 'string' ? bin : bin[command])
}

/**
 * Runs a program in the checkout and resolves with its exit code and what it wrote, both streams in one text.
 * `show` hands the output to the terminal as it comes; it is then not collected. After `timeoutMs` (0: never) it is ended.
 */
export function run(
  program,
  commandArguments,
  { show = false, folder = root, environment = process.env, timeoutMs = 0 } = {},
) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, commandArguments, {
      cwd: folder,
      env: environment,
      timeout: timeoutMs,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    })
    const pieces = []
    child.stdout?.on('data', (piece) => pieces.push(piece))
    child.stderr?.on('data', (piece) => pieces.push(piece))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const output = Buffer.concat(pieces).toString('utf8')
      resolve({ code: code ?? 1, output: signal ? `${output}\nended by ${signal}` : output })
    })
  })
}

/** Runs npm the way this process was started by it, or the one on the path. */
export function runNpm(npmArguments, options) {
  const npm = process.env.npm_execpath
  if (npm?.endsWith('.js')) return run(process.execPath, [npm, ...npmArguments], options)
  return process.platform === 'win32'
    ? run('cmd.exe', ['/d', '/s', '/c', 'npm', ...npmArguments], options)
    : run('npm', npmArguments, options)
}
