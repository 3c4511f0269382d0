import { z } from 'zod'
import { isRemoteId } from '../remote-id.ts'

/** A resource's name, such as `batches/abc` of the collection `batches`, as the id that follows it. */
export function resourceSchema(collection: string): z.ZodType<string> {
  const head = `${collection}/`
  return z
    .string()
    .refine(
      (name) => name.startsWith(head) && isRemoteId(name.slice(head.length)),
      `is not the name of one of ${collection}`,
    )
    .transform((name) => name.slice(head.length))
}

/** The id in a name of the collection; null where there is none that can be used. */
export function idIn(collection: string, name: unknown): string | null {
  return resourceSchema(collection).safeParse(name).data ?? null
}
