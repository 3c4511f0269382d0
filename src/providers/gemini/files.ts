import { z } from 'zod'
import type { Api } from '../api.ts'
import { instantOf } from '../instant.ts'
import { ProviderError, type RemoteFile } from '../provider.ts'
import { path } from '../remote-id.ts'
import { resourceSchema } from './resource-name.ts'

/** Result files have longer ids than the API takes in these calls; it answers 400. They can be downloaded only. */
const LONGEST_ID = 40

/** A file object, whose numbers are texts. */
export const fileSchema = z
  .object({
    name: resourceSchema('files'),
    displayName: z.string().nullish().catch(null),
    sizeBytes: z.coerce.number().int().nonnegative().nullish().catch(null),
    createTime: z.unknown().optional(),
  })
  .transform(
    (file): RemoteFile => ({
      id: file.name,
      bytes: file.sizeBytes ?? null,
      name: file.displayName ?? null,
      createdAt: instantOf(file.createTime),
    }),
  )

/** A stored file, or `absent`. Of a result file nothing can be learnt; it is told without size and name. */
export async function getFile(api: Api, id: string, signal: AbortSignal): Promise<RemoteFile | 'absent'> {
  const call = path`/files/${id}`
  if (id.length > LONGEST_ID) return { id, bytes: null, name: null, createdAt: null }
  try {
    const same = fileSchema.refine((file) => file.id === id, 'is another file than the one asked for')
    return await api.read({ path: call }, same, signal)
  } catch (error) {
    if (error instanceof ProviderError && error.failure.kind === 'absent') return 'absent'
    throw error
  }
}

/** Deletes a file; one that is not there is gone as well. A result file goes with its batch only. */
export async function discardFile(api: Api, id: string, signal: AbortSignal): Promise<'gone' | 'refused'> {
  const call = path`/files/${id}`
  if (id.length > LONGEST_ID) return 'refused'
  try {
    await api.send({ method: 'DELETE', path: call }, z.object({}), signal)
    return 'gone'
  } catch (error) {
    if (error instanceof ProviderError && error.failure.kind === 'absent') return 'gone'
    if (error instanceof ProviderError && error.failure.kind === 'refused') return 'refused'
    throw error
  }
}
