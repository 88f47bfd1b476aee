import type { Hive } from '../../hive.ts'
import { decodeCursor, encodeCursor } from '../../records/cursor.ts'
import { type FanOutStatus, type RecipientStatus, recipientStatuses, unknownMessage } from '../message-status.ts'
import { type HandedTo, readHanded } from './handed.ts'
import { relayOf } from './relay-name.ts'

/** Statuses that are read at the same time: each recipient has its own inbox. */
const atOnce = 16

/**
 * How far a message to a topic has come, and what became of it at a page of its recipients, by name. Costs one script a
 * recipient. Raises message.unknown, cursor.invalid, redis.unavailable.
 */
export async function fanOutStatus(
  hive: Hive,
  relay: string,
  sequence: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ fan_out: FanOutStatus; recipients: RecipientStatus[]; next_cursor: string | null }> {
  const after = cursor === undefined ? '' : (decodeCursor('recipients', cursor, () => true)[0] ?? '')
  const [[own], handed] = await Promise.all([
    recipientStatuses(hive, relay, [sequence]),
    readHanded(hive, relay, sequence),
  ])
  if (!own) throw unknownMessage()
  const ended = own.status !== 'pending'
  const failed = ({ failed, full }: HandedTo) => failed !== undefined || (full === true && ended)
  const following = handed.filter(({ agent }) => agent > after)
  const page = following.slice(0, limit)
  const recipients: RecipientStatus[] = []
  for (let at = 0; at < page.length; at += atOnce) {
    const rows = page.slice(at, at + atOnce).map((recipient) => statusOf(hive, recipient, own))
    recipients.push(...(await Promise.all(rows)).flat())
  }
  const last = page.at(-1)
  return {
    fan_out: {
      topic: relayOf(relay)?.name ?? relay,
      status: own.status,
      accepted_at: own.accepted_at,
      expires_at: own.expires_at,
      handed: handed.filter(({ sequence }) => sequence !== undefined).length,
      full: handed.filter(({ full }) => full === true && !ended).length,
      failed: handed.filter(failed).length,
    },
    recipients,
    next_cursor: following.length > limit && last ? encodeCursor('recipients', last.agent) : null,
  }
}

async function statusOf(hive: Hive, recipient: HandedTo, own: RecipientStatus): Promise<RecipientStatus[]> {
  const { agent, sequence, failed, full } = recipient
  if (sequence !== undefined) {
    const [status] = await recipientStatuses(hive, agent, [sequence])
    return status ? [status] : []
  }
  const { accepted_at, expires_at, attempts, max_attempts } = own
  const common = { agent, accepted_at, expires_at, attempts, max_attempts }
  return full && own.status === 'pending'
    ? [{ ...common, status: 'pending', state: 'delayed', waiting: { because: 'its inbox is full' } }]
    : [{ ...common, status: 'failed', state: 'settled', reason: failed ?? 'inbox.full' }]
}
