/** A step of a rising load: calls that were due and those answered in its time, and what they took from when they were due. */
export type Step = {
  rate: number
  due: number
  inTime: number
  p50: number
  p99: number
  /** p99 of how late the sender itself was. */
  late: number
}

export type KneeRule = {
  /** Part of the calls of a step that have to be answered in its time. */
  answered: number
  /** Milliseconds that the p99 has to stay below. */
  p99Ms: number
}

/** Whether a step keeps up with its load. */
export function keepsUp(step: Step, rule: KneeRule): boolean {
  return step.inTime >= rule.answered * step.due && step.p99 < rule.p99Ms
}

/** Whether the load need not rise further: its last two steps did not keep up. One alone may be the machine's. */
export function isOver(steps: Step[], rule: KneeRule): boolean {
  return steps.length >= 2 && steps.slice(-2).every((step) => !keepsUp(step, rule))
}

/** The last step that keeps up, undefined when none does. */
export function findKnee(steps: Step[], rule: KneeRule): Step | undefined {
  return steps.findLast((step) => keepsUp(step, rule))
}
