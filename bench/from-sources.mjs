import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { bundle } from '../scripts/bundle.mjs'
import { root } from '../scripts/project.mjs'

// Below node_modules, where the libraries are found and git does not look.
const FOLDER = join(root, 'node_modules', '.cache', 'llm-batch-bench')

/** All that these sources export, named by their paths below `src` without `.ts`: what no entry of the package shows. */
export async function fromSources(paths) {
  await bundle(paths, FOLDER)
  return Object.assign({}, ...(await Promise.all(paths.map((path) => imported(path)))))
}

/** All that a file of `test/support` exports, named without `.ts`. */
export async function fromTestSupport(name) {
  const bundler = await rolldown({
    cwd: root,
    input: join(root, 'test', 'support', `${name}.ts`),
    platform: 'node',
    external: (id) => !/^[./]|^[A-Za-z]:/.test(id),
  })
  try {
    await bundler.write({ file: join(FOLDER, `${name}.js`), format: 'esm' })
  } finally {
    await bundler.close()
  }
  return imported(name)
}

function imported(path) {
  return import(pathToFileURL(join(FOLDER, `${path}.js`)).href)
}
