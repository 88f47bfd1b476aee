import { type Grant, type Indexed, isDirect, type Settling, type Story } from './index-history.ts'
import { slackMs, type Violation } from './violation.ts'

/** A push is sent within the time of its delivery, which is claimed before the message's life ends. */
const latePushMs = 3_000

/**
 * A message is in one hand at a time: nobody else gets it before its lease has ended or was given back, nobody settles it
 * without holding it, and after it was acknowledged nobody gets it again.
 */
export function checkLeases(indexed: Indexed): Violation[] {
  return indexed.stories.flatMap((story) => [
    ...overlapping(story),
    ...settledInVain(story),
    ...afterItsEnd(story),
    ...outOfTime(indexed, story),
    ...changed(story),
  ])
}

const of = ({ message, agent }: Story) => ({ id: message.id, agent })

/**
 * When a lease ends at the earliest and at the latest, as far as extensions of it may have been made. A function that gets no
 * answer from Redis asks again: the answer of an extension may be stale and it was made all the same, by a first try of which the
 * second found that it had ended.
 */
function endOf({ settlings }: Story, { lease }: Grant): { least: number; most: number } {
  const extensions = settlings.filter(
    ({ op, settlement: { receipt, action } }) =>
      receipt === lease.receipt && action === 'extend' && op.outcome !== 'failed',
  )
  const made = extensions.filter(({ settlement }) => settlement.result !== 'stale')
  const ends = [
    lease.until,
    ...made.flatMap(({ op, settlement: { leaseMs } }) => [op.start + leaseMs, op.end + leaseMs]),
  ]
  const most = Math.max(...ends)
  const overAgain = extensions.filter(
    ({ op, settlement: { result, leaseMs } }) => result === 'stale' && op.start <= most && op.end >= op.start + leaseMs,
  )
  const over = overAgain.flatMap(({ op, settlement: { leaseMs } }) => [op.start + leaseMs, op.end])
  return { least: Math.min(...ends, ...over), most: Math.max(most, ...over) }
}

/**
 * Whether a lease may have been given back or acknowledged before another one. The answer of a nack, too, may be stale although
 * its first try made it: only once a later lease was settled, or the message has ended or was sent again by an operator, does the
 * second try no longer find what the first one did.
 */
function mayHaveEnded({ settlings, grants, ending, redriven }: Story, first: Grant, second: Grant): boolean {
  const later = new Set(grants.filter(({ to }) => to > first.to).map(({ lease }) => lease.receipt))
  later.delete(first.lease.receipt)
  const settled = settlings.filter(({ settlement }) => settlement.action !== 'extend' && later.has(settlement.receipt))
  const forgotten = redriven
    ? 0
    : Math.min(ending?.settledAt ?? Number.POSITIVE_INFINITY, ...settled.map(({ op }) => op.start))
  return settlings.some(
    ({ op, settlement: { receipt, action, result } }) =>
      receipt === first.lease.receipt &&
      action !== 'extend' &&
      op.start <= second.to &&
      (result !== 'stale' || (action === 'nack' && op.end + slackMs >= forgotten)),
  )
}

function overlapping(story: Story): Violation[] {
  return story.grants.flatMap((first, at) =>
    story.grants.slice(at + 1).flatMap((second): Violation[] => {
      const isOther = second.lease.receipt !== first.lease.receipt
      const isLater = second.from > first.to
      const isHeld = second.to + slackMs < endOf(story, first).least && !mayHaveEnded(story, first, second)
      if (!isOther || !isLater || !isHeld) return []
      const what = `leased until ${first.lease.until}, and again between ${second.from} and ${second.to}`
      return [{ kind: 'leased twice at once', ...of(story), what }]
    }),
  )
}

const isFirstTime = ({ settlement }: Settling) => !settlement.duplicate

function settledInVain(story: Story): Violation[] {
  const violations: Violation[] = []
  const { settlings, grants } = story
  for (const { op, settlement } of settlings.filter(isFirstTime)) {
    const { action, result, receipt } = settlement
    if (result === undefined || result === 'stale') continue
    const grant = grants.find(({ lease }) => lease.receipt === receipt)
    // one of a call that was repeated under its key has the same receipt and the same end
    if (!grant) continue
    const { most } = endOf(story, grant)
    if (op.start > most + slackMs) {
      const what = `${action} at ${op.start} came to ${result}, after the lease had ended at ${most}`
      violations.push({ kind: 'settled without its lease', ...of(story), what })
    }
    const next = grants.find(({ lease, from, to }) => lease.receipt !== receipt && to < op.start && from > grant.to)
    if (next) {
      const what = `${action} at ${op.start} came to ${result}, after it was leased again by ${next.to}`
      violations.push({ kind: 'settled without its lease', ...of(story), what })
    }
  }
  const acknowledged = settlings.filter((one) => isFirstTime(one) && one.settlement.result === 'delivered')
  if (new Set(acknowledged.map(({ settlement }) => settlement.receipt)).size > 1) {
    violations.push({ kind: 'settled without its lease', ...of(story), what: 'acknowledged under two leases' })
  }
  return violations
}

function afterItsEnd(story: Story): Violation[] {
  const done = story.settlings.filter(({ settlement }) => settlement.result === 'delivered').map(({ op }) => op.end)
  const end = Math.min(...done)
  return story.grants
    .filter(({ from }) => from > end)
    .map(({ from }) => ({
      kind: 'delivered again',
      ...of(story),
      what: `acknowledged by ${end}, leased after ${from}`,
    }))
}

function outOfTime({ acceptedAt, history }: Indexed, story: Story): Violation[] {
  const violations: Violation[] = []
  const { message, grants, pushes } = story
  for (const { lease } of grants) {
    if (lease.attempt > message.maxAttempts) {
      violations.push({
        kind: 'too many attempts',
        ...of(story),
        what: `attempt ${lease.attempt} of ${message.maxAttempts}`,
      })
    }
  }
  const accepted = acceptedAt.get(message.id) ?? grants[0]?.lease.acceptedAt
  if (accepted === undefined) return violations
  const ends = accepted + message.ttlMs
  if (!story.redriven) {
    for (const { from } of grants.filter((grant) => grant.from > ends + slackMs)) {
      violations.push({
        kind: 'handed over expired',
        ...of(story),
        what: `its life ended at ${ends}, leased after ${from}`,
      })
    }
    for (const { start } of pushes.filter((push) => !history.frozen && push.start > ends + latePushMs)) {
      violations.push({
        kind: 'handed over expired',
        ...of(story),
        what: `its life ended at ${ends}, pushed at ${start}`,
      })
    }
  }
  const due = accepted + message.delayMs
  if (message.delayMs > 0 && isDirect(story)) {
    const early = [...grants.map(({ to }) => to), ...pushes.map(({ start }) => start)].filter(
      (at) => at + slackMs < due,
    )
    for (const at of early)
      violations.push({ kind: 'handed over too early', ...of(story), what: `due at ${due}, had at ${at}` })
  }
  return violations
}

function changed(story: Story): Violation[] {
  const { message, grants, pushes } = story
  const contents = [...grants.map(({ lease }) => lease.content), ...pushes.map(({ content }) => content)]
  return contents.some((content) => content !== message.content)
    ? [{ kind: 'changed', ...of(story), what: 'its content is not what was sent' }]
    : []
}
