import { expect } from 'vitest'
import { tend } from '../tend.ts'
import { inboxOf } from './hive-model.ts'
import { agents, type Operation } from './operations.ts'
import { call, predict, type Session } from './session.ts'
import { settleDue } from './settle-due.ts'

/** Looks after an inbox, which applies all that is due. */
export async function checkTend(session: Session, operation: Extract<Operation, { kind: 'tend' }>): Promise<void> {
  const agent = agents[operation.agent] as string
  const answer = await call(session, operation.lost, () => tend(session.hive, agent))
  predict(session, operation.lost, () => settleDue(session.model, inboxOf(session.model, agent)))
  expect(answer).toEqual({ more: false })
}
