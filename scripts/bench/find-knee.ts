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

/**
 * The rate of the next step: so many times that of the last one, or the same again when the last one did not keep up, which may
 * have been the machine's. Undefined when it did not keep up twice: the load has risen far enough.
 */
export function nextRate(steps: Step[], growth: number, rule: KneeRule): number | undefined {
  const [before, last] = [steps.at(-2), steps.at(-1)]
  if (!last) throw new Error('there is no step yet')
  if (keepsUp(last, rule)) return Math.round(last.rate * growth)
  return before?.rate === last.rate ? undefined : last.rate
}

/** The last step that keeps up, undefined when none does. */
export function findKnee(steps: Step[], rule: KneeRule): Step | undefined {
  return steps.findLast((step) => keepsUp(step, rule))
}
