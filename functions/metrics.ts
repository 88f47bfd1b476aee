import { createHash } from 'node:crypto'
import { noteActing } from '../core/access/acting-for.ts'
import { actOnlyAsSelf, agentToRead, type Caller } from '../core/access/caller.ts'
import { measure } from '../core/measure.ts'
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
    const written = await metrics.write(points, { key: writeKey(request) })
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

/** The Idempotency-Key of an agent is its own: the same one of another agent is another write. */
function writeKey(request: HttpRequest): string | undefined {
  const key = idempotencyKey(request)
  const { agent } = request.caller
  if (key === undefined || agent === null) return key
  return createHash('sha256').update(`${agent}\n${key}`).digest('base64url')
}
