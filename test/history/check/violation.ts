/** What a hive must never do. */
export type ViolationKind =
  | 'lost'
  | 'invented'
  | 'accepted twice'
  | 'conflict accepted'
  | 'batch torn'
  | 'changed'
  | 'wrong recipient'
  | 'leased twice at once'
  | 'delivered again'
  | 'settled without its lease'
  | 'too many attempts'
  | 'handed over expired'
  | 'handed over too early'
  | 'out of order'
  | 'wrong status'
  | 'wrong history'
  | 'counters'
  | 'unexpected answer'

export type Violation = { kind: ViolationKind; id?: string; agent?: string; what: string }

/** Times are whole ms of one clock, rounded down: two that are so near each other may be in either order. */
export const slackMs = 2
