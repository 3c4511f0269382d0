/**
 * Carries out what the command line of a script asks for: `submit ROWS BATCH_FILE ID_FILE`, `collect ROWS ID_FILE ANSWERS
 * RESULT_FILE`, or `road ROWS BATCH_FILE ID_FILE ANSWERS RESULT_FILE` for both in one process. What `submit` returns is
 * given to `collect` in the same process.
 * @template Kept
 * @param {(rowsPath: string, batchPath: string, idPath: string) => Promise<Kept>} submit
 * @param {(rowsPath: string, idPath: string, answersPath: string, resultPath: string, kept?: Kept) => Promise<void>} collect
 */
export async function takeStep(submit, collect) {
  const [step, ...paths] = process.argv.slice(2)
  if (step === 'submit') await submit(...paths)
  else if (step === 'collect') await collect(...paths)
  else {
    const [rowsPath, batchPath, idPath, answersPath, resultPath] = paths
    await collect(rowsPath, idPath, answersPath, resultPath, await submit(rowsPath, batchPath, idPath))
  }
}
