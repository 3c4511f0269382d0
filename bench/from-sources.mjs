import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundle } from '../scripts/bundle.mjs'
import { root } from '../scripts/project.mjs'

/** All that these sources export, named by their paths below `src` without `.ts`: what no entry of the package shows. */
export async function fromSources(paths) {
  // Below node_modules, where the libraries are found and git does not look.
  const folder = join(root, 'node_modules', '.cache', 'llm-batch-bench')
  await bundle(paths, folder)
  const modules = await Promise.all(paths.map((path) => import(pathToFileURL(join(folder, `${path}.js`)).href)))
  return Object.assign({}, ...modules)
}
