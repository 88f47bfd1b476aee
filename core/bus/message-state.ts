/** Where a live message is. */
export type LiveState = 'ready' | 'held' | 'delayed' | 'leased' | 'dead'

const stateNames: Record<string, LiveState> = { R: 'ready', H: 'held', D: 'delayed', L: 'leased', X: 'dead' }

/** A message's state as the scripts keep it; times in ms. */
export type MessageState = {
  state: LiveState
  priority: number
  expires_at: number
  attempts: number
  /** End of the delay, of the lease or of the dead letter's retention. */
  due_at: number
  max_attempts: number
  ttl_ms: number
  size: number
  hop: number
  /** Names the key of a large envelope. */
  body: string | null
  accepted_at: number
  ordering_key: string
  from_agent: string
  message_id: string
  correlation_id: string
  reason: string
}

/** Reads the text that the prelude's `encode` writes. */
export function decodeState(text: string): MessageState {
  const [numbers = '', ordering_key = '', from_agent = '', message_id = '', correlation_id = '', ...reason] =
    text.split('\n')
  const part = numbers.split(' ')
  const number = (index: number) => Number(part[index])
  return {
    state: stateNames[part[0] ?? ''] ?? 'ready',
    priority: number(2),
    expires_at: number(4),
    attempts: number(5),
    due_at: number(7),
    max_attempts: number(11),
    ttl_ms: number(16),
    size: number(17),
    hop: number(18),
    body: part[19] === '-' || part[19] === undefined ? null : part[19],
    accepted_at: number(20),
    ordering_key,
    from_agent,
    message_id,
    correlation_id,
    reason: reason.join('\n'),
  }
}
