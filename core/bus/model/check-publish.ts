import { expect } from 'vitest'
import { HiveError } from '../../errors.ts'
import { publish } from '../publish.ts'
import { composeMessage } from './compose-message.ts'
import { modelPublish } from './model-publish.ts'
import type { Operation } from './operations.ts'
import { call, predict, type Session } from './session.ts'

/** Publishes, and compares what is told of each message. */
export async function checkPublish(
  session: Session,
  operation: Extract<Operation, { kind: 'publish' }>,
): Promise<void> {
  const batch = operation.batch.map((spec) => composeMessage(session, spec))
  const answer = await call(session, operation.lost, () =>
    publish(session.hive, batch, { fieldOf: (index, field) => `messages[${index}].${field}` }),
  )
  const wanted = predict(session, operation.lost, () => modelPublish(session.model, batch))
  if ('refused' in wanted) {
    expect(answer).toBeInstanceOf(HiveError)
    const { errors, code } = answer as HiveError
    const field = (refusal: string) =>
      refusal === 'message.conflict' ? 'message_id' : refusal === 'loop.detected' ? 'causation_id' : 'to_agent'
    const named = wanted.refused.map((refusal) => `messages[${refusal.index}].${field(refusal.code)}`)
    expect(errors.map((error) => error.field).sort()).toEqual(named.sort())
    expect(wanted.refused.map((refusal) => refusal.code)).toContain(code)
    return
  }
  if (answer instanceof HiveError) throw answer
  for (const [index, { message, duplicate, status }] of wanted.entries()) {
    const told = answer[index]
    if (message.acceptedAt === undefined) session.sent.push(message.message)
    message.acceptedAt ??= told?.accepted_at ?? ''
    const { from_agent, to_agent, message_id } = message.message
    expect(told).toEqual({ message_id, from_agent, to_agent, status, accepted_at: message.acceptedAt, duplicate })
  }
}
