import { register } from '../../../test/register.ts'
import { inboxOf } from './hive-model.ts'
import { agents, type Operation } from './operations.ts'
import type { Session } from './session.ts'

/** Disables, enables or moves an agent; what that does shows with the next operations. */
export async function checkProjection(
  session: Session,
  { agent, disabled, push, stale }: Extract<Operation, { kind: 'project' }>,
): Promise<void> {
  const inbox = inboxOf(session.model, agents[agent] as string)
  const endpoint = push ? 'https://agent.example' : null
  if (stale && inbox.version > 1) {
    // an older version, which came late, changes nothing: not even to the contrary
    await register(session.hive, inbox.agent, { version: inbox.version - 1, disabled: inbox.enabled, endpoint })
    return
  }
  inbox.version++
  inbox.enabled = !disabled
  await register(session.hive, inbox.agent, { version: inbox.version, disabled, endpoint })
}
