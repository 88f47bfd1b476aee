import { expect } from 'vitest'
import { HiveError } from '../../errors.ts'
import { receive } from '../receive.ts'
import { countsOf, inboxOf } from './hive-model.ts'
import { modelReceive } from './model-receive.ts'
import { agents, type Operation } from './operations.ts'
import { call, lengthMs, predict, type Session } from './session.ts'

/** Receives, and compares what is handed over and in which order. */
export async function checkReceive(
  session: Session,
  operation: Extract<Operation, { kind: 'receive' }>,
): Promise<void> {
  const agent = agents[operation.agent] ?? 'nobody'
  const requests = session.requests.get(agent) ?? []
  const repeated = operation.repeats === undefined ? undefined : requests.at(-1 - operation.repeats)
  const { max, lease, correlation } = repeated?.operation ?? operation
  const request = repeated ?? { id: `request-${++session.serial}`, operation }
  if (!repeated) requests.push(request)
  const input = {
    max,
    requestId: request.id,
    ...(lease === undefined ? {} : { leaseMs: lengthMs[lease] }),
    ...(correlation === undefined ? {} : { correlationId: `correlation ${correlation}` }),
  }
  const answer = await call(session, operation.lost, () => receive(session.hive, agent, input))
  const wanted = predict(session, operation.lost, () => modelReceive(session.model, agent, input))
  if ('refused' in wanted) {
    expect(answer).toMatchObject({ code: wanted.refused })
    return
  }
  if (answer instanceof HiveError) throw answer
  const inbox = inboxOf(session.model, agent)
  expect(answer.messages.map(({ message, attempt, max_attempts }) => ({ message, attempt, max_attempts }))).toEqual(
    wanted.map(({ message: { message, attempts } }) => ({
      message,
      attempt: attempts,
      max_attempts: message.delivery_options.max_attempts,
    })),
  )
  expect(answer.counts).toEqual(countsOf(inbox))
  for (const [index, receipt] of wanted.entries()) {
    const told = answer.messages[index]
    expect(told?.accepted_at).toBe(receipt.message.acceptedAt)
    session.receipts.get(agent)?.push({ text: told?.receipt ?? '', receipt })
  }
}
