import type { Dial } from './virtual-time.ts'

/** Properties of a machine. */
export interface MachineOptions {
  readonly name: string
  /** How far its wall clock is ahead; negative where it is behind. */
  readonly aheadMs: number
  /** Milliseconds that its clock counts in a true one. */
  readonly rate: number
}

/** One of the machines that share a home. It has a clock of its own, and a folder for what it keeps for itself. */
export class Machine implements Dial {
  readonly name: string
  readonly aheadMs: number
  readonly rate: number
  /** The user's folder on it. */
  readonly folder: string
  sleptMs = 0

  constructor({ aheadMs, name, rate }: MachineOptions) {
    this.name = name
    this.aheadMs = aheadMs
    this.rate = rate
    this.folder = `/machine/${name}`
  }
}
