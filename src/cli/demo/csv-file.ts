import Papa from 'papaparse'
import { writeAtomically } from '../../lib/atomic-file.ts'
import type { Disk } from '../../lib/disk.ts'

/** Writes records of the same columns as a CSV file with a header. */
export async function writeCsv(
  disk: Disk,
  path: string,
  records: readonly Readonly<Record<string, string>>[],
): Promise<void> {
  const text = Papa.unparse([...records], { newline: '\n' })
  await writeAtomically(disk, path, async (writer) => {
    await writer.writeText(`${text}\n`)
  })
}
