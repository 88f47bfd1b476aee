export const faultKinds = ['429', '500', 'drop-before', 'drop-after'] as const
/**
 * `429` and `500`: that answer, nothing is applied. `drop-before`: the connection is closed and nothing is applied.
 * `drop-after`: everything is applied, then the connection is closed without an answer.
 */
export type FaultKind = (typeof faultKinds)[number]

export type FaultTarget = {
  /** Only requests with this command, in any case: `EVALSHA`, `HGET`. */
  command?: string
  /** Only requests that run a script whose source contains this text, or whose SHA it is. */
  script?: string
}

/** What a request is about to do, as far as faults look at it. */
export type FaultSubject = { name: string; script: { source?: string; sha: string } | undefined }

type Planned = { kind: FaultKind; left: number; target: FaultTarget }

/** Faults that the server injects on purpose. */
export class Faults {
  /** Milliseconds that each request waits before it is looked at. */
  latencyMs = 0
  #planned: Planned[] = []

  /** The next `times` requests that fit the target go wrong in this way. Plans are used up in the order they were made. */
  next(kind: FaultKind, times = 1, target: FaultTarget = {}): void {
    this.#planned.push({ kind, left: times, target })
  }

  /** Takes back everything. */
  clear(): void {
    this.latencyMs = 0
    this.#planned = []
  }

  /** How many planned faults have not happened yet. */
  get pending(): number {
    return this.#planned.reduce((sum, plan) => sum + plan.left, 0)
  }

  /** Uses up the first plan that fits one of a request's commands. */
  take(commands: readonly FaultSubject[]): FaultKind | undefined {
    if (this.#planned.length === 0) return undefined
    const plan = this.#planned.find(({ target }) => commands.some((command) => fits(target, command)))
    if (plan === undefined) return undefined
    plan.left--
    this.#planned = this.#planned.filter(({ left }) => left > 0)
    return plan.kind
  }
}

function fits(target: FaultTarget, command: FaultSubject): boolean {
  if (target.command !== undefined && target.command.toUpperCase() !== command.name) return false
  if (target.script === undefined) return true
  const script = command.script
  return script !== undefined && (script.sha === target.script || (script.source?.includes(target.script) ?? false))
}
