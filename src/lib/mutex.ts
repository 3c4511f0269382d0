/** Lets one piece of work run at a time, in the order of arrival; what is memory-hungry stays flat that way. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    // A failure is the business of whoever asked for that work, not of the next in line.
    const turn = this.#last.then(work, work)
    this.#last = turn
    return await turn
  }
}
