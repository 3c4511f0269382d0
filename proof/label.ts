import { schemaOfFields } from '../src/schema/fields.ts'

/** What answers must look like in a run that asks again. */
export const LABELLED = { schema: schemaOfFields(['label: one|two', 'why?: string']), name: 'label', isStrict: true }

/** True for a text that holds such an answer; told without the client's own check. */
export function isLabel(text: string): boolean {
  try {
    const value = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Record<string, unknown>
    const { label, why, ...others } = value
    const isReason = typeof why === 'string' || why === null
    return (label === 'one' || label === 'two') && isReason && Object.keys(others).length === 0
  } catch {
    return false
  }
}
