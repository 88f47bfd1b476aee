import type { ConversationEvent, MessageKey, StatusEvent } from './conversations-repository.ts'

/** What there is to store: rows with the newest status known of them, and the newest status of other rows. */
export type MergedEvents = { rows: ConversationEvent[]; updates: StatusEvent[] }

/** Folds events, of which there may be several a message, into one a message: a statement can touch a row only once. */
export function mergeEvents(accepted: ConversationEvent[], changes: StatusEvent[]): MergedEvents {
  const rows = new Map<string, ConversationEvent>()
  const updates = new Map<string, StatusEvent>()
  for (const event of accepted) {
    const key = keyOf(event)
    const known = rows.get(key)
    if (!known || isNewer(event, known)) rows.set(key, event)
  }
  for (const change of changes) {
    const key = keyOf(change)
    const row = rows.get(key)
    if (row) {
      const { status, status_at, attempts, reason } = change
      if (isNewer(change, row)) rows.set(key, { ...row, status, status_at, attempts, reason })
      continue
    }
    const known = updates.get(key)
    if (!known || isNewer(change, known)) updates.set(key, change)
  }
  return { rows: [...rows.values()], updates: [...updates.values()] }
}

/** At the same moment the end of a message counts more than its beginning. */
function isNewer(event: StatusEvent, known: StatusEvent): boolean {
  if (event.status_at !== known.status_at) return event.status_at > known.status_at
  return known.status === 'pending' && event.status !== 'pending'
}

function keyOf({ from_agent, message_id, to_agent }: MessageKey): string {
  return JSON.stringify([from_agent, message_id, to_agent])
}
