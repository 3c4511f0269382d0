import { availableParallelism, homedir, hostname } from 'node:os'

/** Environment and folders that the process was started with; the one place besides the command that looks at it. */
export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingFolder: string
  readonly homeFolder: string
  readonly platform: NodeJS.Platform
}

/** The machine as this process sees it now. */
export function thisMachine(): Machine {
  return {
    environment: process.env,
    workingFolder: process.cwd(),
    homeFolder: homedir(),
    platform: process.platform,
  }
}

/** The version of Node.js that runs this, such as `v20.20.2`. */
export const NODE_VERSION: string = process.version

/** The versions of the runtime and its parts, by name: `node`, and `bun` or `deno` where these carry out the program. */
export const RUNTIME_VERSIONS: Readonly<Record<string, string | undefined>> = process.versions

/** Processor cores that this process may use at once. */
export const CORES = availableParallelism()

/** The name of the machine and the number of this process. */
export const THIS_PROCESS: { readonly host: string; readonly id: number } = { host: hostname(), id: process.pid }

/** False where no process of this machine has that number. */
export function isProcessAlive(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // It may be another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
