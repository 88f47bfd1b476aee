import type { Ending, History, Lease, PublishOp, PushOp, ReceiveOp, Sent, Settlement, SettleOp } from '../history.ts'

/** One hand-over by receive: the calls with one idempotency key give the same leases. */
export type Grant = {
  agent: string
  lease: Lease
  /** Granted not before this, the start of the first call with its key. */
  from: number
  /** Granted not after this, the end of the first answer that had it. */
  to: number
  /** Its place in that answer, and the key of the call. */
  place: number
  request: string
  filtered: boolean
}

export type Settling = { op: SettleOp; settlement: Settlement }

/** What happened to a message at one of its recipients. */
export type Story = {
  message: Sent
  agent: string
  /** By time. */
  grants: Grant[]
  pushes: PushOp[]
  settlings: Settling[]
  ending: Ending | undefined
  /** An operator has sent it again, or may have: it then has another life. */
  redriven: boolean
  /** An operator has thrown it away, or may have. */
  discarded: boolean
}

export type Indexed = {
  history: History
  publishes: Map<string, PublishOp[]>
  /** When a message was accepted, by an answer that says so. */
  acceptedAt: Map<string, number>
  stories: Story[]
  storiesOf: Map<string, Story[]>
}

/** Lays a history out by message and recipient. */
export function indexHistory(history: History): Indexed {
  const publishes = new Map<string, PublishOp[]>()
  const acceptedAt = new Map<string, number>()
  const storiesOf = new Map<string, Story[]>()
  const stories = new Map<string, Story>()
  const storyOf = (id: string, agent: string): Story | undefined => {
    const message = history.sent.get(id)
    if (!message) return undefined
    const key = `${id}\n${agent}`
    let story = stories.get(key)
    if (!story) {
      const none = { grants: [], pushes: [], settlings: [], ending: undefined, redriven: false, discarded: false }
      story = { message, agent, ...none }
      stories.set(key, story)
      storiesOf.set(id, [...(storiesOf.get(id) ?? []), story])
    }
    return story
  }
  const firstCall = new Map<string, number>()
  for (const op of history.operations) {
    if (op.kind !== 'receive') continue
    firstCall.set(op.request, Math.min(op.start, firstCall.get(op.request) ?? op.start))
  }
  const granted = new Map<string, Grant>()
  const receives = history.operations.filter((op): op is ReceiveOp => op.kind === 'receive')
  for (const op of receives.sort((a, b) => a.end - b.end)) {
    for (const [place, lease] of op.leases.entries()) {
      const key = `${op.agent}\n${lease.receipt}\n${op.request}`
      if (granted.has(key)) continue
      const from = firstCall.get(op.request) ?? op.start
      const { agent, request, filtered } = op
      const grant = { agent, lease, from, to: op.end, place, request, filtered }
      granted.set(key, grant)
      storyOf(lease.id, op.agent)?.grants.push(grant)
    }
  }
  for (const op of history.operations) {
    if (op.kind === 'publish') {
      for (const id of op.ids) publishes.set(id, [...(publishes.get(id) ?? []), op])
      if (op.outcome === 'ok' && !op.conflicting) for (const one of op.accepted) acceptedAt.set(one.id, one.acceptedAt)
    } else if (op.kind === 'settle') {
      for (const settlement of op.settlements) storyOf(settlement.id, op.agent)?.settlings.push({ op, settlement })
    } else if (op.kind === 'push') storyOf(op.id, op.agent)?.pushes.push(op)
    else if (op.kind !== 'receive' && op.outcome !== 'failed') {
      for (const id of op.ids) {
        const story = storyOf(id, op.agent)
        if (story && op.kind === 'redrive') story.redriven = true
        if (story && op.kind === 'discard') story.discarded = true
      }
    }
  }
  for (const ending of history.quiet.endings) {
    const story = storyOf(ending.id, ending.agent)
    if (story) story.ending = ending
  }
  const all = [...stories.values()]
  for (const { grants, settlings } of all) {
    grants.sort((a, b) => a.to - b.to)
    settlings.sort((a, b) => a.op.start - b.op.start)
  }
  return { history, publishes, acceptedAt, stories: all, storiesOf }
}

/** Who has to end up with a message; of a capability, one of these. */
export function recipientsOf({ fleet }: History, { to }: Sent): { all: string[]; one: boolean } {
  if (to.startsWith('topic:')) return { all: fleet.topics[to.slice('topic:'.length)] ?? [], one: false }
  if (to.startsWith('capability:')) return { all: fleet.capabilities[to.slice('capability:'.length)] ?? [], one: true }
  return { all: [to], one: false }
}

/** Whether it went straight into its recipient's inbox, when it was accepted. */
export const isDirect = ({ message, agent }: Story): boolean => message.to === agent
