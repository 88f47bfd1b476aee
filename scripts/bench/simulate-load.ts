/** What one message takes, by what was measured. */
export type Costs = {
  /** Requests to the API. */
  requests: number
  /** Functions that run for it, those of requests among them, and for how many ms each. */
  invocations: number
  handlerMs: number
  /** Commands of Redis, history's included. */
  commands: number
  /** Ms for which Redis, which does one thing at a time, is busy with it, history included. */
  redisMs: number
  /** Bytes of its two events in the outbox. */
  outboxBytes: number
  /** Events that one drain writes in a second. */
  drainedPerSecond: number
}

export type Load = {
  rate: number
  /** Agents that messages go to, and the part of all messages that the busiest of them gets. */
  agents: number
  hottest: number
  /** Messages go to webhooks; else agents take them. */
  push: boolean
}

/** Bounds of plans, accounts and settings, by name. */
export type Limits = {
  apiRequests: number
  lambdaConcurrency: number
  redisCommands: number
  /** Seconds of Redis in a second: 1 for one thread. */
  redisTime: number
  historyConcurrency: number
  outboxShards: number
  outboxMaxBytes: number
  deliverConcurrency: number
  /** Webhooks under way at one agent, and how long each takes. */
  deliveryConcurrency: number
  webhookMs: number
  /** Messages that one agent takes in a second by pull: one receiver, batches of 100. */
  pulledByAgent: number
  inboxMaxMessages: number
}

export type LimitName =
  | 'apiRequests'
  | 'lambdaConcurrency'
  | 'redisCommands'
  | 'redisTime'
  | 'historyConcurrency'
  | 'hotShard'
  | 'deliverConcurrency'
  | 'hotAgent'

export type Simulated = {
  /** Messages accepted in a second, on average over the last tenth of the time. */
  accepted: number
  /** How many times over each limit is asked for by the whole load. */
  asked: Record<LimitName, number>
  /** Seconds until publish is refused with `history.backlog` or `inbox.full`; null for never. */
  historyBacklogAfter: number | null
  inboxFullAfter: number | null
}

/** Ms of a way to Redis and back, of which a handler waits for two. */
const wayMs = 2

/** How many times over each limit is asked for when all of a load is let in. */
export function asked(load: Load, costs: Costs, limits: Limits): Record<LimitName, number> {
  const { rate, hottest, push } = load
  const perWebhookSlot = 1_000 / limits.webhookMs
  const ofAgent = push ? limits.deliveryConcurrency * perWebhookSlot : limits.pulledByAgent
  const drains = (2 * rate) / costs.drainedPerSecond
  return {
    apiRequests: (rate * costs.requests) / limits.apiRequests,
    lambdaConcurrency: (rate * costs.invocations * (costs.handlerMs + 2 * wayMs)) / 1_000 / limits.lambdaConcurrency,
    redisCommands: (rate * costs.commands) / limits.redisCommands,
    redisTime: (rate * costs.redisMs) / 1_000 / limits.redisTime,
    historyConcurrency: drains / limits.historyConcurrency,
    // a shard is drained by one at a time; that of the busiest agent has its share of the others too
    hotShard: drains * (hottest + (1 - hottest) / limits.outboxShards),
    deliverConcurrency: push ? rate / (limits.deliverConcurrency * limits.deliveryConcurrency * perWebhookSlot) : 0,
    hotAgent: (rate * hottest) / ofAgent,
  }
}

/**
 * Lets a load run for some seconds, a second a step, through everything that bounds it: what the API, Lambda and Redis let in
 * is accepted; history and recipients work it off; what they leave piles up until publish is refused. Nothing in it is chance.
 */
export function simulateLoad(load: Load, costs: Costs, limits: Limits, seconds: number): Simulated {
  const wanted = asked(load, costs, limits)
  const front = Math.max(1, wanted.apiRequests, wanted.lambdaConcurrency, wanted.redisCommands, wanted.redisTime)
  const letIn = load.rate / front
  const hotShare = load.hottest + (1 - load.hottest) / limits.outboxShards
  const coldShare = (1 - hotShare) / (limits.outboxShards - 1)
  const shards = [hotShare, ...Array.from({ length: limits.outboxShards - 1 }, () => coldShare)].map((share) => ({
    share,
    events: 0,
  }))
  const agents = [load.hottest, (1 - load.hottest) / Math.max(1, load.agents - 1)].map((share) => ({
    share,
    waiting: 0,
  }))
  const ofAgent = (load.rate * load.hottest) / wanted.hotAgent
  const ofAll = wanted.deliverConcurrency > 0 ? load.rate / wanted.deliverConcurrency : Number.POSITIVE_INFINITY
  const full = limits.outboxMaxBytes / (costs.outboxBytes / 2)
  let historyBacklogAfter: number | null = null
  let inboxFullAfter: number | null = null
  let accepted = 0
  let counted = 0
  for (let second = 1; second <= seconds; second++) {
    let drained = 0
    let taken = 0
    for (const shard of shards) {
      const refused = shard.events >= full
      if (refused) historyBacklogAfter ??= second
      const came = refused ? 0 : letIn * shard.share
      shard.events += 2 * came
      taken += came
    }
    // the fullest shards first, each by one drain at a time
    for (const shard of [...shards].sort((a, b) => b.events - a.events)) {
      const drains = Math.min(1, limits.historyConcurrency - drained)
      if (drains <= 0) break
      drained += drains
      shard.events = Math.max(0, shard.events - drains * costs.drainedPerSecond)
    }
    for (const agent of agents) {
      if (agent.waiting >= limits.inboxMaxMessages) inboxFullAfter ??= second
      const came = agent.waiting >= limits.inboxMaxMessages ? 0 : taken * agent.share
      agent.waiting = Math.max(0, agent.waiting + came - Math.min(ofAgent, ofAll * agent.share))
    }
    if (second > seconds * 0.9) {
      accepted += taken
      counted++
    }
  }
  return { accepted: accepted / counted, asked: wanted, historyBacklogAfter, inboxFullAfter }
}

/** What is asked for more than there is, the worst first, each with by how much it has to grow to be used to four fifths. */
export function breaks(load: Load, costs: Costs, limits: Limits): { name: LimitName; over: number; factor: number }[] {
  return Object.entries(asked(load, costs, limits))
    .filter(([, over]) => over > 1)
    .map(([name, over]) => ({ name: name as LimitName, over, factor: over / 0.8 }))
    .sort((a, b) => b.over - a.over)
}
