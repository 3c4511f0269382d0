import type { Detached } from '../lib/command.ts'
import type { Disk } from '../lib/disk.ts'
import type { Workspace } from '../workspace/workspace.ts'

/** Batches and files to look for at providers. */
export interface RemoteQuestion {
  /** @default every provider that has a key */
  readonly provider: string | undefined
  /** How long ago they were made at most. */
  readonly sinceMs: number
}

/** Batches and files at providers that no run of a home knows. */
export interface RemoteDocument {
  readonly providers: readonly { readonly batches: readonly object[]; readonly files: readonly object[] }[]
}

/** Everything that the tools need of the program around them. */
export interface AgentPlace {
  /** Opens the home, does the work, and closes it again. */
  withHome<Result>(work: (workspace: Workspace) => Promise<Result>): Promise<Result>
  /**
   * Carries out a command about a run in a process of its own, which goes on when this one ends; what it says goes to the
   * file.
   */
  startCommand(command: 'resume' | 'cancel', runId: string, log: string): Promise<Detached>
  /** What lies at providers that no run of the home knows, as a document. */
  remoteInventory(workspace: Workspace, question: RemoteQuestion): Promise<RemoteDocument>
  /** The same error, as one of ours where it is one that the user's own files or the provider cause. */
  asKnownError(error: unknown): unknown
  /** The disk of this machine. */
  readonly disk: Disk
  readonly workingFolder: string
  /** Folders below which inputs and answers lie. */
  readonly roots: readonly string[]
  /** US dollars that may be accepted without a person within 24 hours. */
  readonly acceptUpToUsd: number
}
