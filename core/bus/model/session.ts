import type { UpstashServer } from '../../../scripts/local/upstash/start-upstash.ts'
import { HiveError } from '../../errors.ts'
import type { Hive } from '../../hive.ts'
import type { AgentMessage } from '../../protocol/message.ts'
import { type HiveModel, type ModelReceipt, passTime } from './hive-model.ts'
import type { Length, Operation } from './operations.ts'
import { letRedisPass } from './redis-clock.ts'
import type { OutboxReplay } from './replay-outbox.ts'

/** What is kept beside the model to choose from and to compare with. */
export type Session = {
  hive: Hive
  faults: UpstashServer['faults']
  model: HiveModel
  /** Every message that a publish sent and that was accepted, in order. */
  sent: AgentMessage[]
  /** Receipts by inbox as the hive gave them, in order; the same text twice when a request was repeated. */
  receipts: Map<string, { text: string; receipt: ModelReceipt }[]>
  requests: Map<string, { id: string; operation: Extract<Operation, { kind: 'receive' }> }[]>
  outbox: OutboxReplay
  serial: number
  /** What the hive's source of chance gives next. */
  random: number
}

export const lengthMs: Record<Length, number> = { short: 1, long: 3_600_000 }
export const seconds = (length: Length) => lengthMs[length] / 1000

/** Lets every short period end that runs now. */
export async function pass(session: Session): Promise<void> {
  if (session.model.pendingMs > 0) await letRedisPass(session.hive, session.model.pendingMs)
  passTime(session.model)
}

/** Calls the hive; when the answer is to get lost, Redis applies the call's script twice, a while apart. */
export async function call<T>(session: Session, lost: boolean, ask: () => Promise<T>): Promise<T | HiveError> {
  if (lost) session.faults.next('drop-after', 1, { command: 'EVALSHA' })
  try {
    return await ask()
  } catch (error) {
    if (error instanceof HiveError) return error
    throw error
  } finally {
    session.faults.clear()
  }
}

/** What the model says, after the first of two times when the answer is to get lost. */
export function predict<T>(session: Session, lost: boolean, ask: () => T): T {
  if (!lost) return ask()
  ask()
  // the client waits longer than any short period before it sends again
  passTime(session.model)
  return ask()
}
