// A copy of sources and proof with changes, compiled. The sources themselves are never touched.
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { mutate } from './mutate.mjs'
import { commandOf, root, run } from './project.mjs'

/** Copies live here, where modules are found and git does not look. */
const COPIES = join(root, 'node_modules', '.cache', 'llm-batch-proof')

/** What the proof is made of. */
const PARTS = ['src', 'proof', 'test/chaos']

/** The versions of everything else that runs in it. */
const LOCK = 'package-lock.json'

/**
 * Copies, changes and compiles; returns the copy's folder, with the programs below `out`. Throws where a change fits no
 * place or several, or where the result does not compile. `original` is the folder that is copied: the checkout, or
 * another copy.
 */
export async function compileCopy(name, changes, original = root) {
  const folder = folderOf(name)
  rmSync(folder, { recursive: true, force: true })
  for (const part of [...PARTS, LOCK]) cpSync(join(original, part), join(folder, part), { recursive: true })
  for (const [path, text] of mutate(sourcesIn(folder), changes)) writeFileSync(join(folder, path), text)
  const options = { noEmit: false, outDir: 'out', rootDir: '.', noUnusedLocals: false, noUnusedParameters: false }
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: options,
    include: PARTS,
    exclude: ['**/*.test.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  // A changed copy need not satisfy the type checker: it is wrong on purpose.
  const check = changes.length > 0 ? ['--noCheck'] : []
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

/** A digest of everything that a copy was made from; unit tests are not compiled with it. */
export function digestOfCopy(folder) {
  const digest = createHash('sha256')
  for (const path of [...PARTS.flatMap((part) => filesIn(folder, part)), LOCK]) {
    digest
      .update(`${path}\0`)
      .update(readFileSync(join(folder, path)))
      .update('\0')
  }
  return digest.digest('hex').slice(0, 16)
}

function filesIn(folder, part) {
  return readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted()
}

/** Each process has copies of its own, so that two proofs at once do not disturb each other. */
function folderOf(name) {
  return join(COPIES, `${name}-${process.pid}`)
}

function sourcesIn(folder) {
  return new Map(filesIn(folder, 'src').map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}
