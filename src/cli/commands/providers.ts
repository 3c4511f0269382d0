import type { Command } from 'commander'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import type { ProviderEntry } from '../../providers/provider-entry.ts'
import { findProvider, PROVIDERS } from '../../providers/registry.ts'
import type { Site } from '../../workspace/workspace.ts'
import { type ProviderDocument, providerDocument } from '../documents/provider-document.ts'
import { addOptions } from '../flags/option-flags.ts'
import { findPlace } from '../open-home.ts'
import { renderProvider, renderProviders } from '../render/views/providers-view.ts'
import type { Shell } from '../shell.ts'

interface ProvidersFlags extends OptionsOf<'providers'> {
  readonly json?: boolean | undefined
}

/** `llm-batch providers`: what is known of all providers, or of one. Calls none. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command.argument('[name]', 'a provider, to see all that is known of it'), 'providers')
    .option('--json', 'as JSON on standard output')
    .action(async (name: string | undefined, flags: ProvidersFlags) => {
      const place = await findPlace(shell, flags)
      const entries = name === undefined ? Object.values(PROVIDERS) : [findProvider(name)]
      const providers = await Promise.all(entries.map((entry) => documentOf(place, entry)))
      await showProviders(shell, providers, name !== undefined, flags.json === true)
      setExitCode(EXIT.ok)
    })
}

async function documentOf(place: Site, entry: ProviderEntry): Promise<ProviderDocument> {
  return providerDocument(entry, await place.describe(entry.name), place.configuration.hasKeyFor(entry))
}

async function showProviders(
  shell: Shell,
  providers: readonly ProviderDocument[],
  isOne: boolean,
  isJson: boolean,
): Promise<void> {
  if (isJson) return await shell.printJson({ version: 1, providers })
  const [first] = providers
  if (isOne && first) return await shell.show(renderProvider(first, shell.outputColors))
  const width = shell.isOutputTerminal ? shell.outputColumns : Number.POSITIVE_INFINITY
  await shell.show(renderProviders(providers, shell.outputColors, width))
}
