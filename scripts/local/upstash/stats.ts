/** Counts what Upstash would bill: each command sent, also inside pipelines and transactions, and each call of a script. */
export class Stats {
  /** Commands billed. */
  billed = 0
  /** HTTP requests that passed authentication. */
  requests = 0
  /** Billed commands by name in upper case, those inside scripts included. */
  readonly byCommand = new Map<string, number>()

  count(name: string, times = 1): void {
    this.billed += times
    this.byCommand.set(name, (this.byCommand.get(name) ?? 0) + times)
  }

  reset(): void {
    this.billed = 0
    this.requests = 0
    this.byCommand.clear()
  }

  toJSON(): { billed: number; requests: number; byCommand: Record<string, number> } {
    return { billed: this.billed, requests: this.requests, byCommand: Object.fromEntries(this.byCommand) }
  }
}
