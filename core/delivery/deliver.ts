import { createHash } from 'node:crypto'
import { auditEntry, hiveItself } from '../access/audit.ts'
import { recordSecurityEvent } from '../access/security-events.ts'
import { projectAgent } from '../bus/projection.ts'
import { type Claim, claimDelivery, type Leased } from '../bus/receive.ts'
import { type Action, countOutcomes, settleActions } from '../bus/settle.ts'
import type { Hive } from '../hive.ts'
import { measure } from '../measure.ts'
import type { AgentMessage } from '../protocol/message.ts'
import { type Breaker, recordOutcome } from './breaker.ts'
import { type Decision, decide } from './retry-policy.ts'
import { readable } from './seal.ts'
import { sendWebhook } from './send.ts'
import { signWebhook } from './sign.ts'

/** How long an endpoint that answered 410 is let alone while it cannot be disabled, and one for which there is no secret. */
const goneMs = 15 * 60_000

/**
 * Pushes what waits for one agent to its endpoint, in order of urgency, for at most the delivery budget. Only one
 * delivery of an agent runs at a time; one that stops with work left asks for the next wake while it settles.
 * Raises redis.unavailable.
 */
export async function deliver(hive: Hive, agent: string): Promise<void> {
  const { config, clock, ids } = hive
  const id = ids.requestId()
  const end = clock.now() + config.deliveryBudgetMs
  // outlives the last send, so that no second delivery starts beside it
  const leaseMs = config.deliveryBudgetMs + 2 * config.deliveryTimeoutMs
  for (;;) {
    const claim = await claimDelivery(hive, agent, { max: config.deliveryConcurrency, delivery: { id, leaseMs } })
    if (claim.blocked || claim.messages.length === 0) return
    const { actions, breaker: found, gone, refused } = await sendAll(hive, agent, claim)
    // holds until the endpoint is disabled, which takes Postgres
    const breaker = gone ? { failures: found.failures, openUntilMs: hive.bus.now() + goneMs } : found
    const waiting = claim.counts.ready > 0
    const last = !waiting || breaker.openUntilMs > 0 || clock.now() >= end
    const settled = await settleActions(hive, agent, actions, { id, last, breaker })
    const messages = claim.messages.map(({ message }) => message)
    measure(hive, 'pushed', countOutcomes(settled), { agent, messages })
    if (gone) await disableEndpoint(hive, agent, claim.target.endpoint)
    if (refused) {
      const description = 'A webhook was not sent: the endpoint leads to an address that is refused.'
      await recordSecurityEvent(hive, { type: 'endpoint.blocked', of: agent, description, metadata: { agent } })
    }
    if (last) return
  }
}

async function sendAll(hive: Hive, agent: string, claim: Claim) {
  const { config, clock } = hive
  const secrets = readable(claim.target.sealedSecrets, agent, config.signingRoot).map(({ secret }) => secret)
  if (secrets.length === 0) return holdAll(hive, agent, claim)
  const probe = claim.target.breaker.openUntilMs > 0
  let breaker: Breaker = claim.target.breaker
  let gone = false
  let refused = false
  const actions = await Promise.all(
    claim.messages.map(async (leased): Promise<Action> => {
      const { decision, latencyMs } = await sendOne(hive, claim.target.endpoint, secrets, leased)
      // Redis's time: the scripts compare the breaker's end with it
      const now = hive.bus.now()
      breaker = recordOutcome(breaker, { ok: decision.kind !== 'retry', latencyMs, probe }, now, config)
      gone ||= decision.kind === 'gone'
      refused ||= decision.kind === 'retry' && decision.reason === 'endpoint.refused'
      return actionFor(leased, decision)
    }),
  )
  if (actions.length > 0 && breaker.openUntilMs > 0) {
    hive.log.warn('circuit breaker open', {
      agent,
      failures: breaker.failures,
      forMs: breaker.openUntilMs - clock.now(),
    })
  }
  return { actions, breaker, gone, refused }
}

/** Without a secret nothing can be sent, which is no fault of the messages: they wait until there is one. */
function holdAll(hive: Hive, agent: string, claim: Claim) {
  hive.log.error('webhooks cannot be signed: give the agent another signing secret', { agent })
  const actions = claim.messages.map((leased) => actionFor(leased, { kind: 'gone', reason: 'endpoint.no_secret' }))
  const breaker = { failures: claim.target.breaker.failures, openUntilMs: hive.bus.now() + goneMs }
  return { actions, breaker, gone: false, refused: false }
}

async function sendOne(
  hive: Hive,
  endpoint: string,
  secrets: string[],
  leased: Leased,
): Promise<{ decision: Decision; latencyMs: number }> {
  const body = JSON.stringify(leased.message)
  const answer = await sendWebhook({
    url: endpoint,
    body,
    headers: signWebhook({
      id: webhookId(leased.message),
      timestampMs: hive.clock.now(),
      body,
      secrets,
    }),
    policy: await hive.endpoints(),
    timeoutMs: hive.config.deliveryTimeoutMs,
  })
  return { decision: decide(answer), latencyMs: answer.latencyMs }
}

/** The same for every attempt, so that a receiver can tell a repetition; an id may hold what a header cannot. */
function webhookId(message: AgentMessage): string {
  const identity = createHash('sha256').update(`${message.from_agent}\n${message.message_id}`).digest('base64url')
  return `msg_${identity.slice(0, 32)}`
}

function actionFor(leased: Leased, decision: Decision): Action {
  const { receipt } = leased
  const of = (action: Action['action'], reason: string, ms = 0): Action => ({ action, receipt, ms, reason, field: '' })
  switch (decision.kind) {
    case 'ack':
      return of('a', '')
    case 'gone':
      // it waits, unharmed, for a new endpoint or for a pull
      return of('r', decision.reason)
    case 'fail':
      return of('f', decision.reason)
    case 'retry':
      return of('n', decision.reason, decision.retryAfterMs ?? -1)
  }
}

/** An endpoint that answered 410 is not called again until the agent gives one anew. */
async function disableEndpoint(hive: Hive, agent: string, endpoint: string): Promise<void> {
  const { agents } = await hive.records()
  const disabledAt = new Date(hive.clock.now()).toISOString()
  const details = { answered: 410 }
  const entry = auditEntry(hive, { action: 'agent.endpoint_disabled', actor: hiveItself, target: agent, details })
  // not one that the agent was given meanwhile
  const changed = await agents.change(agent, { endpoint_disabled_at: disabledAt, if_endpoint: endpoint }, entry)
  if (!changed) return
  await projectAgent(hive, changed)
  hive.log.warn('endpoint is gone and was disabled', { agent })
}
