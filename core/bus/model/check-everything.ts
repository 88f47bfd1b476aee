import { expect } from 'vitest'
import { auditInboxDeeply } from '../audit.ts'
import { messageStatus, type RecipientStatus, recipientStatuses } from '../message-status.ts'
import { checkDeadLetters } from './check-dead-letters.ts'
import { checkStructure } from './check-structure.ts'
import { countsOf, type ModelInbox, type ModelMessage, visibleStatus } from './hive-model.ts'
import type { Session } from './session.ts'

/** Counters, keys and outbox agree with the model and with each other. */
export async function checkEverything(session: Session): Promise<void> {
  await session.outbox.drain()
  expect(session.outbox.violations).toEqual([])
  for (const inbox of session.model.inboxes.values()) {
    const { counts, counters, violations } = await auditInboxDeeply(session.hive, inbox.agent)
    expect(violations).toEqual([])
    expect(counts).toEqual(countsOf(inbox))
    expect(counters).toEqual(inbox.counters)
    expect(await checkStructure(session.hive, inbox.agent)).toEqual([])
    await checkDeadLetters(session, inbox)
    for (const known of inbox.messages) {
      const { message, status, attempts, state, reason } = known
      const told = replayed(session, inbox, known)
      const ended = state === 'settled'
      expect(told?.status, message.message_id).toBe(status)
      expect(told?.ends, message.message_id).toEqual(ended ? [status] : [])
      if (ended || state === 'dead') expect(told).toMatchObject({ attempts, reason })
    }
  }
  const accepted = [...session.model.inboxes.values()].reduce((sum, inbox) => sum + inbox.messages.length, 0)
  expect(session.outbox.messages.size).toBe(accepted)
}

/** Every message ever accepted says where it is, and it is in one place. */
export async function checkStatuses(session: Session): Promise<void> {
  for (const inbox of session.model.inboxes.values()) {
    // the outbox tells the sequence under which a message was accepted
    const sequences = inbox.messages.map((known) => String(replayed(session, inbox, known)?.sequence))
    const statuses = await recipientStatuses(session.hive, inbox.agent, sequences)
    for (const [index, known] of inbox.messages.entries()) {
      const { message, state, attempts, acceptedAt } = known
      expect(statuses[index], message.message_id).toMatchObject({
        agent: inbox.agent,
        status: visibleStatus(known),
        state,
        attempts,
        max_attempts: message.delivery_options.max_attempts,
        accepted_at: acceptedAt,
      })
      expect(statuses[index]?.reason ?? '', message.message_id).toBe(known.reason)
      // the same, found by sender and id: two requests each, so not for all
      if (index % 4 > 0) continue
      const told = await messageStatus(session.hive, message.from_agent, message.message_id)
      const { message_id, from_agent } = message
      expect(told).toMatchObject({ message_id, from_agent, recipients: [withoutPlace(statuses[index])] })
    }
  }
}

/** What it waits for names its place in the inbox, which goes on changing with nothing but time. */
function withoutPlace(status: RecipientStatus | undefined) {
  const { waiting: _, ...rest } = status ?? {}
  return rest
}

function replayed(session: Session, inbox: ModelInbox, { message }: ModelMessage) {
  return session.outbox.messages.get(`${inbox.agent}\n${message.from_agent}\n${message.message_id}`)
}
