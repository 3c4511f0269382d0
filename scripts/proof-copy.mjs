// A copy of sources and proof with text patches, compiled. The sources themselves are never touched.
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandOf, root, run } from './project.mjs'

/** Copies live here, where modules are found and git does not look. */
const COPIES = join(root, 'node_modules', '.cache', 'llm-batch-proof')

/** What the proof is made of. */
const PARTS = ['src', 'proof', 'test/chaos']

/**
 * Copies, patches and compiles; returns the copy's folder, with the programs below `out`. Each patch is
 * `{ file, find, replace }`, and `find` must stand exactly once in the file. Throws where one does not, or where the
 * result does not compile.
 */
export async function compileCopy(name, patches) {
  const folder = folderOf(name)
  rmSync(folder, { recursive: true, force: true })
  for (const part of PARTS) cpSync(join(root, part), join(folder, part), { recursive: true })
  for (const patch of patches) applyPatch(folder, patch)
  const options = { noEmit: false, outDir: 'out', rootDir: '.', noUnusedLocals: false, noUnusedParameters: false }
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: options,
    include: PARTS,
    exclude: ['**/*.test.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  // A patched copy need not satisfy the type checker: it is wrong on purpose.
  const check = patches.length > 0 ? ['--noCheck'] : []
  const { code, output } = await run(process.execPath, [commandOf('typescript', 'tsc'), '-p', folder, ...check])
  if (code !== 0) throw new Error(`the copy ${name} does not compile:\n${output}`)
  // Where the storms look for the built command.
  symlinkSync(join(folder, 'out', 'src'), join(folder, 'out', 'dist'), 'junction')
  return folder
}

/** Removes a copy. */
export function removeCopy(name) {
  rmSync(folderOf(name), { recursive: true, force: true })
}

/** Each process has copies of its own, so that two proofs at once do not disturb each other. */
function folderOf(name) {
  return join(COPIES, `${name}-${process.pid}`)
}

function applyPatch(folder, { file, find, replace }) {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  const times = text.split(find).length - 1
  if (times !== 1) throw new Error(`${file} holds the text to be patched ${times} times:\n${find}`)
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
}
