import type { Disk } from './disk.ts'

/** Appends one line to a file, made when absent. Not forced to disk: for logs, not for state. */
export async function appendLine(disk: Disk, path: string, line: string): Promise<void> {
  const file = await disk.open(path, 'append')
  try {
    await file.write(Buffer.from(`${line}\n`, 'utf8'))
  } finally {
    await file.close()
  }
}
