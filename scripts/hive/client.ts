import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Agent, AgentChange } from '../../core/access/agents.ts'
import type { ApiKey, NewKey } from '../../core/access/api-keys.ts'
import type { RebuiltProjection } from '../../core/access/rebuild-projection.ts'
import type { Scope } from '../../core/access/scopes.ts'
import type { InboxAudit } from '../../core/bus/audit.ts'
import type { DeadLetter, DeadLetterSelection } from '../../core/bus/dead-letters.ts'
import type { MessageStatus } from '../../core/bus/message-status.ts'
import type { Published } from '../../core/bus/publish.ts'
import type { Received } from '../../core/bus/receive.ts'
import type { Settled } from '../../core/bus/settle.ts'
import type { FileToUpload, Upload } from '../../core/migration/cloud/create-upload.ts'
import type { MigrationToStart } from '../../core/migration/cloud/start-migration.ts'
import type { CapabilityRow } from '../../core/records/capabilities-repository.ts'
import type { MigrationDetails } from '../../core/records/migrations-repository.ts'
import type { Subscription } from '../../core/records/subscriptions-repository.ts'
import { foreignAnswer, HiveProblem, HiveUnreachable, readProblem } from './problem.ts'

type Query = Record<string, string | number | undefined>
type Call = {
  body?: unknown
  query?: Query
  headers?: Record<string, string>
  /** May the request be sent again when its answer was lost? */
  repeatable: boolean
  /** Milliseconds the server itself may take before it answers (a waiting receive). */
  waitMs?: number
}

/** An agent as the hive shows it, with its signing secret in the one answer that made it. */
export type AgentAnswer = Agent & { signing_secret?: string }
export type KeyAnswer = ApiKey
export type Page<Item> = { items: Item[]; next_cursor: string | null }
export type SettleRequest = {
  acks?: string[]
  nacks?: { receipt: string; delay_seconds?: number; reason?: string }[]
  extensions?: { receipt: string; lease_seconds: number }[]
}

const answerTimeoutMs = 30_000
const mostTries = 5
const mostPatienceMs = 30_000
/** Nobody received the request: sending it again would only take longer to say so. */
const nobodyThere = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
])

/**
 * The HTTP interface of a hive. Every method resolves with the parsed answer, or throws `HiveProblem` (the hive said no)
 * or `HiveUnreachable` (nobody answered). 429 is tried again after its Retry-After, at most five times and thirty seconds in
 * all; so are 503 and lost answers, but only where a repeated request changes nothing.
 */
export class HiveClient {
  readonly url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.url = url.replace(/\/+$/, '')
    this.#key = key
  }

  /** Creates or replaces an agent. A generated signing secret is in this answer and never again. */
  putAgent(name: string, agent: AgentChange): Promise<AgentAnswer> {
    return this.#call('PUT', `/v1/agents/${part(name)}`, { body: agent, repeatable: true })
  }

  changeAgent(name: string, change: AgentChange): Promise<AgentAnswer> {
    return this.#call('PATCH', `/v1/agents/${part(name)}`, { body: change, repeatable: true })
  }

  getAgent(name: string): Promise<AgentAnswer> {
    return this.#call('GET', `/v1/agents/${part(name)}`, { repeatable: true })
  }

  listAgents(query: { limit?: number; cursor?: string }): Promise<Page<AgentAnswer>> {
    return this.#call('GET', '/v1/agents', { query, repeatable: true })
  }

  heartbeat(name: string): Promise<{ name: string; last_seen_at: string }> {
    return this.#call('POST', `/v1/agents/${part(name)}/heartbeat`, { repeatable: true })
  }

  /** Not repeatable without a secret of one's own: a second one that is made pushes out the one before the first. */
  rotateSigningSecret(name: string, secret?: string): Promise<AgentAnswer> {
    return this.#call('POST', `/v1/agents/${part(name)}/signing-secret/rotate`, {
      body: secret === undefined ? {} : { signing_secret: secret },
      repeatable: secret !== undefined,
    })
  }

  /** Not repeatable: a key whose text was lost with its answer is of no use. */
  createKey(key: { agent?: string; scopes: Scope[]; expires_at?: string }): Promise<NewKey> {
    return this.#call('POST', '/v1/keys', { body: key, repeatable: false })
  }

  listKeys(query: { agent?: string; limit?: number; cursor?: string }): Promise<Page<KeyAnswer>> {
    return this.#call('GET', '/v1/keys', { query, repeatable: true })
  }

  rotateKey(
    id: string,
    rotation: { overlap_seconds: number; expires_at?: string },
  ): Promise<NewKey & { replaced: KeyAnswer }> {
    return this.#call('POST', `/v1/keys/${part(id)}/rotate`, { body: rotation, repeatable: false })
  }

  revokeKey(id: string): Promise<KeyAnswer> {
    return this.#call('POST', `/v1/keys/${part(id)}/revoke`, { repeatable: true })
  }

  /** Repeatable: an upload that nobody knows of is forgotten by itself. */
  createUpload(files: { files: FileToUpload[] }): Promise<Upload> {
    return this.#call('POST', '/v1/migrations/uploads', { body: files, repeatable: true })
  }

  /** Repeatable: the same plan over the same upload is one run. */
  startMigration(migration: Partial<MigrationToStart>): Promise<MigrationDetails> {
    return this.#call('POST', '/v1/migrations', { body: migration, repeatable: true })
  }

  getMigration(id: string): Promise<MigrationDetails> {
    return this.#call('GET', `/v1/migrations/${part(id)}`, { repeatable: true })
  }

  /** One page of records brought to Redis again. */
  rebuildProjection(page: { cursor?: string }): Promise<RebuiltProjection> {
    return this.#call('POST', '/v1/projection/rebuild', { body: page, repeatable: true })
  }

  /** With `message_types` absent every type is wanted. */
  subscribe(topic: string, agent: string, wish: { message_types?: string[] }): Promise<Subscription> {
    return this.#call('PUT', `/v1/topics/${part(topic)}/subscribers/${part(agent)}`, { body: wish, repeatable: true })
  }

  unsubscribe(topic: string, agent: string): Promise<{ unsubscribed: number }> {
    return this.#call('DELETE', `/v1/topics/${part(topic)}/subscribers/${part(agent)}`, { repeatable: true })
  }

  listTopics(query: Query): Promise<Page<{ topic: string; subscribers: number }>> {
    return this.#call('GET', '/v1/topics', { query, repeatable: true })
  }

  listSubscribers(topic: string, query: Query): Promise<Page<Subscription>> {
    return this.#call('GET', `/v1/topics/${part(topic)}/subscribers`, { query, repeatable: true })
  }

  listSubscriptions(agent: string, query: Query): Promise<Page<Subscription>> {
    return this.#call('GET', `/v1/agents/${part(agent)}/subscriptions`, { query, repeatable: true })
  }

  declareCapability(agent: string, capability: string, declaration: object): Promise<CapabilityRow> {
    const path = `/v1/agents/${part(agent)}/capabilities/${part(capability)}`
    return this.#call('PUT', path, { body: declaration, repeatable: true })
  }

  withdrawCapability(agent: string, capability: string): Promise<{ withdrawn: number }> {
    return this.#call('DELETE', `/v1/agents/${part(agent)}/capabilities/${part(capability)}`, { repeatable: true })
  }

  listCapabilities(agent: string, query: Query): Promise<Page<CapabilityRow>> {
    return this.#call('GET', `/v1/agents/${part(agent)}/capabilities`, { query, repeatable: true })
  }

  findCapable(query: Query): Promise<Page<CapabilityRow>> {
    return this.#call('GET', '/v1/capabilities', { query, repeatable: true })
  }

  queryConversations(query: Query): Promise<Page<Record<string, unknown>>> {
    return this.#call('GET', '/v1/conversations', { query, repeatable: true })
  }

  getConversation(id: string, query: Query): Promise<Page<Record<string, unknown>>> {
    return this.#call('GET', `/v1/conversations/${part(id)}`, { query, repeatable: true })
  }

  querySecurityEvents(query: Query): Promise<Page<Record<string, unknown>>> {
    return this.#call('GET', '/v1/security-events', { query, repeatable: true })
  }

  queryAuditLogs(query: Query): Promise<Page<Record<string, unknown>>> {
    return this.#call('GET', '/v1/audit-logs', { query, repeatable: true })
  }

  /** `message` must hold its own message_id, so that a lost answer can be asked for again. */
  publish(message: object): Promise<Published> {
    return this.#call('POST', '/v1/messages', { body: message, repeatable: true })
  }

  /** Up to 100 messages, all or nothing; each holds its own message_id, as in `publish`. */
  async publishBatch(messages: unknown[]): Promise<Published[]> {
    const answer = await this.#call<{ results: Published[] }>('POST', '/v1/messages/batch', {
      body: { messages },
      repeatable: true,
    })
    return answer.results
  }

  /** Of a message to a topic a page of its recipients. */
  messageStatus(messageId: string, fromAgent: string, page: Query = {}): Promise<MessageStatus> {
    const query = { from_agent: fromAgent, ...page }
    return this.#call('GET', `/v1/messages/${part(messageId)}`, { query, repeatable: true })
  }

  inbox(agent: string): Promise<InboxAudit> {
    return this.#call('GET', `/v1/agents/${part(agent)}/inbox`, { repeatable: true })
  }

  /** Leases messages. The request id stays the same when the request is sent again, so no lease is lost with an answer. */
  receive(
    agent: string,
    request: { max?: number; wait_seconds?: number; lease_seconds?: number; correlation_id?: string },
  ): Promise<Received> {
    return this.#call('POST', `/v1/agents/${part(agent)}/inbox/receive`, {
      body: request,
      headers: { 'idempotency-key': randomUUID() },
      waitMs: (request.wait_seconds ?? 0) * 1000,
      repeatable: true,
    })
  }

  settle(agent: string, request: SettleRequest): Promise<Settled> {
    return this.#call('POST', `/v1/agents/${part(agent)}/inbox/settle`, { body: request, repeatable: true })
  }

  deadLetters(agent: string, query: { limit?: number; cursor?: string }): Promise<Page<DeadLetter>> {
    return this.#call('GET', `/v1/agents/${part(agent)}/dead-letters`, { query, repeatable: true })
  }

  deadLetter(agent: string, id: string): Promise<DeadLetter> {
    return this.#call('GET', `/v1/agents/${part(agent)}/dead-letters/${part(id)}`, { repeatable: true })
  }

  redrive(agent: string, chosen: DeadLetterSelection): Promise<{ redriven: number }> {
    return this.#call('POST', `/v1/agents/${part(agent)}/dead-letters/redrive`, { body: chosen, repeatable: false })
  }

  discard(agent: string, chosen: DeadLetterSelection): Promise<{ discarded: number }> {
    return this.#call('POST', `/v1/agents/${part(agent)}/dead-letters/discard`, { body: chosen, repeatable: false })
  }

  /** All points or none. Not repeatable: a point has no identity, so a lost answer must not write it twice. */
  writeMetrics(points: object[]): Promise<{ written: number }> {
    return this.#call('POST', '/v1/metrics', { body: { points }, repeatable: false })
  }

  queryMetrics(query: Query): Promise<Page<Record<string, unknown>>> {
    return this.#call('GET', '/v1/metrics', { query, repeatable: true })
  }

  rollupMetrics(query: Query): Promise<{ buckets: Record<string, unknown>[] }> {
    return this.#call('GET', '/v1/metrics/rollup', { query, repeatable: true })
  }

  health(): Promise<Record<string, unknown>> {
    return this.#call('GET', '/v1/health', { repeatable: true })
  }

  async #call<Answer>(method: string, path: string, call: Call): Promise<Answer> {
    const giveUpAt = Date.now() + mostPatienceMs
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#send(method, path, call)) as Answer
      } catch (error) {
        const waitMs = retryDelay(error, attempt, call.repeatable)
        if (waitMs === undefined || attempt === mostTries || Date.now() + waitMs > giveUpAt) throw error
        await sleep(waitMs)
      }
    }
  }

  async #send(method: string, path: string, call: Call): Promise<unknown> {
    const url = this.url + path + queryString(call.query)
    const response = await this.#fetch(url, method, call)
    if (!response.ok) throw await readProblem(response, url)
    const text = await this.#reach(() => response.text())
    try {
      return JSON.parse(text)
    } catch {
      throw new HiveProblem(foreignAnswer(response, url))
    }
  }

  #fetch(url: string, method: string, call: Call): Promise<Response> {
    return this.#reach(() =>
      fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.#key}`,
          accept: 'application/json, application/problem+json',
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(answerTimeoutMs + (call.waitMs ?? 0)),
      }),
    )
  }

  async #reach<Result>(attempt: () => Promise<Result>): Promise<Result> {
    try {
      return await attempt()
    } catch (error) {
      throw new HiveUnreachable(`${this.url} cannot be reached: ${networkFault(error)}`, { cause: error })
    }
  }
}

function retryDelay(error: unknown, attempt: number, repeatable: boolean): number | undefined {
  if (error instanceof HiveProblem) {
    const { status } = error.document
    const mayRetry = status === 429 || (status === 503 && repeatable)
    return mayRetry ? (error.retryAfter ?? attempt) * 1000 : undefined
  }
  if (!(error instanceof HiveUnreachable) || !repeatable || nobodyThere.has(networkCode(error.cause))) return undefined
  return 100 * 2 ** attempt
}

function networkCode(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : ''
}

function networkFault(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer in time'
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const message = cause instanceof Error ? cause.message : String(cause)
  return networkCode(error) === '' ? message : `${networkCode(error)} ${message}`.trim()
}

const part = (segment: string) => encodeURIComponent(segment)

function queryString(query: Query | undefined): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) given.set(name, String(value))
  return given.size === 0 ? '' : `?${given}`
}
