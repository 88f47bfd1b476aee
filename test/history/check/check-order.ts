import type { History } from '../history.ts'
import { type Grant, type Indexed, isDirect, type Story } from './index-history.ts'
import { slackMs, type Violation } from './violation.ts'

/**
 * Messages of one ordering key are handed over one at a time, in the order of their acceptance. Of the others a receiver gets
 * first what was accepted first, with each priority's handicap.
 */
export function checkOrder(indexed: Indexed): Violation[] {
  const inboxes = Map.groupBy(indexed.stories.filter(isDirect), ({ agent }) => agent)
  return [...inboxes.values()].flatMap((stories) => [...keyed(indexed, stories), ...byPriority(indexed, stories)])
}

const firstSeen = ({ grants, pushes }: Story): number =>
  Math.min(...grants.map(({ to }) => to), ...pushes.map(({ end }) => end))

/** None is handed over before the one in front of it has come to its end. */
function keyed({ acceptedAt }: Indexed, stories: Story[]): Violation[] {
  const chains = Map.groupBy(
    stories.filter(({ message, redriven }) => message.orderingKey !== undefined && !redriven),
    ({ message }) => message.orderingKey,
  )
  return [...chains.values()].flatMap((chain) => {
    const known = chain.flatMap((story) => {
      const at = acceptedAt.get(story.message.id)
      return at === undefined ? [] : [{ story, at }]
    })
    known.sort((a, b) => a.at - b.at)
    const violations: Violation[] = []
    // when the latest of those accepted before came to its end
    let behind: { ended: number; id: string } | undefined
    for (let i = 0; i < known.length; ) {
      const { at } = known[i] as (typeof known)[number]
      const together = known.slice(i).filter((one) => one.at === at)
      for (const { story } of together) {
        const seen = firstSeen(story)
        if (!behind || seen + slackMs >= behind.ended) continue
        const what = `handed over by ${seen}, while ${behind.id} before it ended at ${behind.ended}`
        violations.push({ kind: 'out of order', id: story.message.id, agent: story.agent, what })
      }
      for (const { story } of together) {
        // a dead letter lets the next one go when it dies, whatever becomes of it then
        const { status, settledAt } = story.ending ?? {}
        const ended = status === 'delivered' || status === 'expired' ? (settledAt ?? 0) : 0
        if (ended > (behind?.ended ?? 0)) behind = { ended, id: story.message.id }
      }
      i += together.length
    }
    return violations
  })
}

type First = { story: Story; grant: Grant; at: number; score: number }

/** Compares first hand-overs: a message whose first lease is its first attempt was in nobody's hand before. */
function byPriority({ history, acceptedAt }: Indexed, stories: Story[]): Violation[] {
  const firsts = stories.flatMap((story): First[] => {
    const { message, grants } = story
    const [grant] = grants
    const at = acceptedAt.get(message.id)
    const plain = message.orderingKey === undefined && message.delayMs === 0 && !story.redriven
    if (!plain || !grant || grant.lease.attempt !== 1 || at === undefined) return []
    return [{ story, grant, at, score: at + handicap(history, message.priority) }]
  })
  const violations = firsts.flatMap((one) => {
    // what should come later was asked for when this one was there, and had before this one was asked for
    const sooner = firsts.find(
      (other) =>
        !other.grant.filtered &&
        other.score > one.score + slackMs &&
        other.grant.from > one.at + slackMs &&
        other.grant.to < one.grant.from,
    )
    if (!sooner) return []
    const { id } = one.story.message
    const what = `leased after ${one.grant.from}, and ${sooner.story.message.id} behind it by ${sooner.grant.to}`
    return [{ kind: 'out of order', id, agent: one.story.agent, what } as const]
  })
  return [...violations, ...withinAnswers(firsts)]
}

function withinAnswers(firsts: First[]): Violation[] {
  const answers = Map.groupBy(firsts, ({ grant }) => grant.request)
  return [...answers.values()].flatMap((together) => {
    const placed = together.toSorted((a, b) => a.grant.place - b.grant.place)
    return placed.flatMap((one, at): Violation[] => {
      const before = placed[at - 1]
      if (!before || before.score <= one.score + slackMs) return []
      const what = `after ${before.story.message.id} in one answer, which should have been the other way round`
      return [{ kind: 'out of order', id: one.story.message.id, agent: one.story.agent, what }]
    })
  })
}

const handicap = ({ offsetMs }: History, priority: number) => offsetMs[priority] ?? 0
