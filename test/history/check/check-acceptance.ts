import type { PublishOp } from '../history.ts'
import { type Indexed, recipientsOf } from './index-history.ts'
import type { Violation } from './violation.ts'

/**
 * What was accepted is there, once; what was refused is not; what nobody knows of is there as a whole batch or not at all.
 */
export function checkAcceptance({ history, publishes, storiesOf }: Indexed): Violation[] {
  const violations: Violation[] = []
  for (const [id, message] of history.sent) {
    const ops = publishes.get(id) ?? []
    const accepted = ops.filter((op) => op.outcome === 'ok')
    for (const op of accepted.filter(({ conflicting }) => conflicting)) {
      violations.push({ kind: 'conflict accepted', id, what: `with other content, at ${op.end}` })
    }
    const answers = accepted.filter(({ conflicting }) => !conflicting).flatMap((op) => answersFor(op, id))
    if (answers.filter(({ duplicate }) => !duplicate).length > 1) {
      violations.push({ kind: 'accepted twice', id, what: 'two answers say that it is new' })
    }
    if (new Set(answers.map(({ acceptedAt }) => acceptedAt)).size > 1) {
      violations.push({ kind: 'accepted twice', id, what: 'answers have different times of acceptance' })
    }
    const stories = storiesOf.get(id) ?? []
    const { all, one } = recipientsOf(history, message)
    for (const { agent } of stories) {
      if (!all.includes(agent))
        violations.push({ kind: 'wrong recipient', id, agent, what: `it was sent to ${message.to}` })
    }
    if (answers.length > 0) {
      const there = all.filter((agent) => stories.some((story) => story.agent === agent && story.ending))
      const missing = one ? (there.length === 0 ? all : []) : all.filter((agent) => !there.includes(agent))
      for (const agent of missing)
        violations.push({ kind: 'lost', id, agent, what: 'it was accepted, and nothing is known of it' })
      if (one && there.length > 1)
        violations.push({ kind: 'wrong recipient', id, what: `${there.join(' and ')} have it` })
    } else if (ops.every(({ outcome, conflicting }) => outcome === 'failed' || conflicting) && stories.length > 0) {
      violations.push({ kind: 'invented', id, what: 'it was never accepted' })
    }
  }
  return [
    ...violations,
    ...tornBatches(
      history.operations.filter((op) => op.kind === 'publish'),
      storiesOf,
    ),
  ]
}

const answersFor = (op: PublishOp, id: string) => op.accepted.filter((one) => one.id === id)

/** Batches of which no answer tells: all of their messages are there, or none. */
function tornBatches(ops: PublishOp[], storiesOf: Indexed['storiesOf']): Violation[] {
  const known = new Set(ops.filter(({ outcome }) => outcome === 'ok').flatMap(({ ids }) => ids))
  const batches = new Map(ops.filter(({ outcome }) => outcome === 'unknown').map(({ ids }) => [ids.join('\n'), ids]))
  return [...batches.values()].flatMap((ids): Violation[] => {
    if (ids.some((id) => known.has(id))) return []
    const there = ids.filter((id) => (storiesOf.get(id) ?? []).length > 0)
    if (there.length === 0 || there.length === ids.length) return []
    return [
      { kind: 'batch torn', id: ids[0] as string, what: `${there.length} of its ${ids.length} messages are there` },
    ]
  })
}
