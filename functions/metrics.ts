import { hash } from 'node:crypto'
import { noteActing } from '../core/access/acting-for.ts'
import { actOnlyAsSelf, agentToRead, type Caller } from '../core/access/caller.ts'
import { measure } from '../core/measure.ts'
import { canonicalJson } from '../core/protocol/canonical-json.ts'
import type { WriteKey } from '../core/records/metrics-repository.ts'
import { type HttpRequest, http, on } from './http.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { Anything } from './requests/anything.ts'
import { MetricQuery, RollupQuery, readPoints } from './requests/metrics.ts'

/** Measurements of agents: writing many at once, reading them back, rolling them up. */
export const handler = http({
  'POST /v1/metrics': on({ body: Anything }, async (hive, { body }, request) => {
    const { points, path } = readPoints(body, hive.clock.now())
    const agents = points.map(({ agent_name }, index) => ({ field: `${path(index)}agent_name`, agent: agent_name }))
    actOnlyAsSelf(request.caller, agents)
    const { metrics } = await hive.records()
    const named = points.map(({ agent_name }) => agent_name)
    await noteActing(hive, request.caller, 'metrics.write', named)
    const written = await metrics.write(points, writeKey(request, body))
    measure(hive, 'metrics written', { MetricWriteLatency: hive.clock.now() - request.since }, { points: written })
    return { status: 201, body: { written } }
  }),
  'GET /v1/metrics': on({ query: MetricQuery }, async (hive, { query }, { caller }) => {
    const filters = ofReadable(caller, query)
    const { metrics } = await hive.records()
    return { body: await metrics.query(filters) }
  }),
  'GET /v1/metrics/rollup': on({ query: RollupQuery }, async (hive, { query }, { caller }) => {
    const filters = ofReadable(caller, query)
    const { metrics } = await hive.records()
    return { body: { buckets: await metrics.rollup(filters) } }
  }),
})

/** A query that gives no agent's metrics but those that the caller may read. */
function ofReadable<Query extends { agent_name?: string }>(caller: Caller, query: Query): Query {
  const agent = agentToRead(caller, query.agent_name, 'agent_name')
  return agent === undefined ? query : { ...query, agent_name: agent }
}

/**
 * What is known of a write by its Idempotency-Key, as the caller wrote it: points without a timestamp are the same ones
 * when they come again. A key is its caller's own: an agent's, whichever of its API keys it uses, else an operator's.
 */
function writeKey(request: HttpRequest, body: unknown): WriteKey | undefined {
  const key = idempotencyKey(request)
  if (key === undefined) return undefined
  const { agent, keyId } = request.caller
  // no agent's name is empty
  const owner = agent ?? `\n${keyId}`
  return {
    key: hash('sha256', `${owner}\n${key}`, 'base64url'),
    digest: hash('sha256', canonicalJson(body), 'base64url'),
  }
}
