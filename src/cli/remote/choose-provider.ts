import { LlmBatchError } from '../../model/error.ts'
import type { Provider } from '../../providers/provider.ts'
import { findProvider, PROVIDERS } from '../../providers/registry.ts'
import type { Workspace } from '../../workspace/workspace.ts'

/** The provider that was named, or all that have a key. Throws `configuration` where none has one. */
export async function chosenProviders(workspace: Workspace, name: string | undefined): Promise<readonly Provider[]> {
  if (name !== undefined) return [await workspace.connect(findProvider(name).name)]
  const names = Object.values(PROVIDERS)
    .filter((entry) => hasKey(workspace, entry))
    .map((entry) => entry.name)
  const variables = Object.values(PROVIDERS).map(({ keyVariable }) => keyVariable)
  if (names.length === 0) {
    throw new LlmBatchError('configuration', 'no provider has a key', { next: `Set ${variables.join(' or ')}.` })
  }
  return await Promise.all(names.map((known) => workspace.connect(known)))
}

/** The provider that was named, or the only one that has a key: an id alone does not tell whose it is. */
export async function oneProvider(workspace: Workspace, name: string | undefined): Promise<Provider> {
  const [provider, ...others] = await chosenProviders(workspace, name)
  if (provider && others.length === 0) return provider
  throw new LlmBatchError('usage', 'several providers have a key, and an id does not show its provider', {
    next: 'Add --provider NAME.',
  })
}

function hasKey(
  { configuration }: Workspace,
  entry: Parameters<Workspace['configuration']['credentialsFor']>[0],
): boolean {
  try {
    configuration.credentialsFor(entry)
    return true
  } catch (error) {
    if (LlmBatchError.isInstance(error) && error.code === 'configuration') return false
    throw error
  }
}
