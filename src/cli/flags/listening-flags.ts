import { Option } from 'commander'
import { countOrZeroFlag } from './flag-values.ts'

/** Address that only programs of this machine reach. */
export const LOOPBACK = '127.0.0.1'

/** `--port` of a command that listens. */
export function portOption(usual: number): Option {
  return new Option('--port <n>', 'port; 0 for any free one').argParser(countOrZeroFlag).default(usual)
}

/** `--address` of a command that listens; `about` says what follows from another address than loopback. */
export function addressOption(about: string): Option {
  return new Option('--address <address>', `address; ${about}`).default(LOOPBACK)
}
