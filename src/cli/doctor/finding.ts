/** One thing that `doctor` looked at. */
export interface Finding {
  readonly what: string
  readonly text: string
  /** What would stop a run, with what to do about it; null where nothing would. */
  readonly problem: string | null
}
