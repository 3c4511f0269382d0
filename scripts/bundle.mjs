// Puts our own modules together into few files; libraries stay packages of their own. Most of the time in which a command
// starts goes into finding and reading modules one by one.
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { root } from './project.mjs'

/**
 * Writes a file for each of the sources, named by their paths below `src` without `.ts`, and what they share as parts
 * beside them.
 */
export async function bundle(sources, folder) {
  const bundler = await rolldown({
    cwd: root,
    input: Object.fromEntries(sources.map((path) => [path, sourceOf(path)])),
    platform: 'node',
    external: (id) => !/^[./]|^[A-Za-z]:/.test(id),
    tsconfig: join(root, 'tsconfig.build.json'),
    // An adapter is loaded late by the command and at once by the library.
    checks: { ineffectiveDynamicImport: false },
  })
  try {
    await bundler.write({
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'parts/[name]-[hash].js',
      codeSplitting: { groups: [part('start', 'cli/main', 1), part('home', 'cli/commands/status', 0)] },
    })
  } finally {
    await bundler.close()
  }
}

/**
 * Makes one part of all that a source brings, which would be dozens: of the start of the command, which `--help` loads,
 * and of a look at the home, of which every other command needs most. What two of them bring goes to the higher priority.
 */
function part(name, path, priority) {
  const source = sourceOf(path)
  let brought
  const partOf = (id, context) => {
    brought ??= broughtBy(source, context)
    return id !== source && brought.has(id) ? name : null
  }
  return { debugName: name, name: partOf, priority }
}

/** All modules that one imports at once, itself included; nothing where it is not bundled. */
function broughtBy(id, context) {
  const brought = new Set([id])
  for (const found of brought) for (const next of context.getModuleInfo(found)?.importedIds ?? []) brought.add(next)
  return brought
}

function sourceOf(path) {
  return join(root, 'src', `${path}.ts`)
}
