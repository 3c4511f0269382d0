/** A dated snapshot's name: `gpt-6.1-terra-2026-08-07`. */
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/

/** The name of the model that a dated snapshot belongs to; every other name as it is. */
export function nameWithoutDate(model: string): string {
  return model.replace(SNAPSHOT, '')
}
