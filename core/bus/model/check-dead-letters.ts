import { expect } from 'vitest'
import type { AgentMessage } from '../../protocol/message.ts'
import { discard, listDeadLetters, redrive } from '../dead-letters.ts'
import { inboxOf, type ModelInbox } from './hive-model.ts'
import { modelDiscard, modelRedrive } from './model-dead-letters.ts'
import { agents, type Operation } from './operations.ts'
import { call, type Session } from './session.ts'

/** Redrives or discards, and compares how many it were. */
export async function checkSelection(
  session: Session,
  operation: Extract<Operation, { kind: 'redrive' | 'discard' }>,
): Promise<void> {
  const agent = agents[operation.agent] as string
  const inbox = inboxOf(session.model, agent)
  const dead = await checkDeadLetters(session, inbox)
  const receipts = session.receipts.get(agent) ?? []
  // one in three is an id of a message that is not dead, or not any more
  const picked =
    operation.selection === 'all'
      ? dead
      : operation.selection.map((pick) => {
          const other = receipts.at(-1 - (pick % (receipts.length || 1)))
          const letter = dead.at(-1 - (pick % (dead.length || 1)))
          if (pick % 3 !== 0 || !other) return letter ?? { id: '1', message: undefined }
          return { id: other.text.split('.')[0] ?? '', message: other.receipt.message }
        })
  const selection = operation.selection === 'all' ? { all: true as const } : { ids: picked.map(({ id }) => id) }
  const act = operation.kind === 'redrive' ? redrive : discard
  const answer = await call(session, operation.lost, () => act(session.hive, agent, selection))
  const messages = picked.flatMap(({ message }) => (message ? [message] : []))
  // sent again, it tells what it came to the first time
  const wanted = (operation.kind === 'redrive' ? modelRedrive : modelDiscard)(session.model, agent, messages)
  expect(answer).toBe(wanted)
}

/** Dead letters as the hive lists them, each with its message of the model. */
export async function checkDeadLetters(session: Session, inbox: ModelInbox) {
  const { items } = await listDeadLetters(session.hive, inbox.agent, { limit: 500 })
  const wanted = inbox.messages.filter(({ state }) => state === 'dead')
  const letters = items.map((letter) => {
    const message = wanted.find(({ message }) => sameIdentity(message, letter.message))
    expect(letter).toMatchObject({
      message: message?.message,
      attempts: message?.attempts,
      reason: message?.reason,
    })
    return { id: letter.dead_letter_id, message }
  })
  expect(letters).toHaveLength(wanted.length)
  return letters
}

function sameIdentity(a: AgentMessage, b: AgentMessage): boolean {
  return a.from_agent === b.from_agent && a.message_id === b.message_id
}
