import type { History } from '../history.ts'
import { type Indexed, isDirect, type Story } from './index-history.ts'
import { slackMs, type Violation } from './violation.ts'

const ends = new Set(['delivered', 'failed', 'expired', 'discarded'])

/** The status of a message is what happened to it, in Redis and in Postgres, and the counters of its inbox add up. */
export function checkEndings(indexed: Indexed): Violation[] {
  const { history, stories } = indexed
  return [...stories.flatMap((story) => checkStatus(indexed, story)), ...checkRows(history), ...checkInboxes(history)]
}

function checkStatus({ acceptedAt }: Indexed, story: Story): Violation[] {
  const { message, agent, ending, settlings, pushes } = story
  if (!ending) return []
  const { status, attempts, maxAttempts, settledAt } = ending
  const wrong = (what: string): Violation[] => [
    { kind: 'wrong status', id: message.id, agent, what: `${status}: ${what}` },
  ]
  if (!ends.has(status)) return [{ kind: 'lost', id: message.id, agent, what: `it is still ${status}` }]
  const acknowledged = settlings.some(({ settlement }) => settlement.result === 'delivered')
  if (acknowledged && status !== 'delivered') return wrong('it was acknowledged')
  const mayHaveBeenAcknowledged = settlings.some(
    ({ op, settlement }) => settlement.action === 'ack' && op.outcome !== 'failed' && settlement.result !== 'stale',
  )
  switch (status) {
    case 'delivered': {
      const wasPushed = pushes.some(({ answered }) => answered === 'accepted')
      return mayHaveBeenAcknowledged || wasPushed ? [] : wrong('nobody has acknowledged it')
    }
    case 'expired': {
      const accepted = acceptedAt.get(message.id)
      const isEarly = accepted !== undefined && settledAt + slackMs < accepted + message.ttlMs
      return isEarly ? wrong(`at ${settledAt}, before the end of its life`) : []
    }
    case 'failed': {
      const wasRefused = pushes.some(({ answered }) => answered === 'refused')
      return attempts >= maxAttempts || wasRefused || !isDirect(story) ? [] : wrong(`after ${attempts} attempts`)
    }
    case 'discarded':
      return story.discarded ? [] : wrong('nobody has thrown it away')
    default:
      return []
  }
}

/** History has one row for each message at each recipient, and says the same. */
function checkRows({ quiet, sent }: History): Violation[] {
  const rows = Map.groupBy(quiet.rows, ({ id, agent }) => `${id}\n${agent}`)
  return quiet.endings.flatMap(({ id, agent, status }): Violation[] => {
    const wrong = (what: string): Violation[] => [{ kind: 'wrong history', id, agent, what }]
    const [row, ...others] = rows.get(`${id}\n${agent}`) ?? []
    if (!row) return wrong('it is not there')
    if (others.length > 0) return wrong(`it is there ${1 + others.length} times`)
    if (row.status !== status) return wrong(`it is ${row.status} there and ${status} in its inbox`)
    const { content } = JSON.parse(row.content) as { content: string }
    return content === sent.get(id)?.content ? [] : wrong('its content is not what was sent')
  })
}

function checkInboxes({ quiet }: History): Violation[] {
  return [
    ...quiet.inboxes.flatMap(({ agent, violations }) =>
      violations.map((what): Violation => ({ kind: 'counters', agent, what: JSON.stringify(what) })),
    ),
    ...quiet.broken.map((what): Violation => ({ kind: 'counters', what })),
  ]
}
