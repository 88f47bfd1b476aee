import type { History } from '../history.ts'
import { checkAcceptance } from './check-acceptance.ts'
import { checkEndings } from './check-endings.ts'
import { checkLeases } from './check-leases.ts'
import { checkOrder } from './check-order.ts'
import { indexHistory } from './index-history.ts'
import type { Violation } from './violation.ts'

/**
 * Everything in a history that a hive must never do; empty for a good one. Only what is certain counts: where an answer was
 * lost, or two calls were under way at the same time, every order of things that is possible is allowed. In the manner of
 * Jepsen (https://jepsen.io), with invariants of a queue instead of a model of a register.
 */
export function checkHistory(history: History): Violation[] {
  const indexed = indexHistory(history)
  const unexpected = history.unexpected.map((what): Violation => ({ kind: 'unexpected answer', what }))
  return [
    ...unexpected,
    ...checkAcceptance(indexed),
    ...checkLeases(indexed),
    ...checkOrder(indexed),
    ...checkEndings(indexed),
  ]
}
