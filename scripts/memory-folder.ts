import { accessSync, chmodSync, constants, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where Linux offers memory as a folder. */
const MEMORY = '/dev/shm'

/** Several times what the tests of a run hold at once. */
const LEAST_FREE_BYTES = 4 * 2 ** 30

let folder: string | undefined

/**
 * Has the tests of a run put their files into memory, where there is enough of it and TMPDIR names no other place. A home
 * forces every commit to stable storage, which takes a fifth of a test, and no test can see whether the storage is stable:
 * the proof shows this on a disk that it simulates.
 */
export function setup(): void {
  if (process.env['TMPDIR'] !== undefined || !hasRoom()) return
  folder = mkdtempSync(join(MEMORY, 'llm-batch-tests-'))
  if (!mayExecuteIn(folder)) return
  // A Postgres of the tests is another user where they are root.
  chmodSync(folder, 0o711)
  process.env['TMPDIR'] = folder
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}

function hasRoom(): boolean {
  if (!existsSync(MEMORY)) return false
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize >= LEAST_FREE_BYTES
}

/** Containers often mount it so that nothing in it is executed, as some tests do. */
function mayExecuteIn(place: string): boolean {
  const probe = join(place, 'probe')
  writeFileSync(probe, '', { mode: 0o755 })
  try {
    accessSync(probe, constants.X_OK)
    return true
  } catch {
    return false
  } finally {
    rmSync(probe)
  }
}
