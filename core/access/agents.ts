import { unknownAgent } from '../bus/agent-errors.ts'
import { lastSeen } from '../bus/heartbeat.ts'
import { projectAgent } from '../bus/projection.ts'
import { readable, sealSecret } from '../delivery/seal.ts'
import { generateSigningSecret, parseSigningSecret } from '../delivery/signing-secret.ts'
import type { Hive } from '../hive.ts'
import { AgentName } from '../protocol/agent-name.ts'
import type { AgentRecord } from '../records/agents-repository.ts'
import { decodeCursor, encodeCursor } from '../records/cursor.ts'
import type { Page } from '../records/page.ts'
import { auditEntry, stageAdmin } from './audit.ts'

/** What callers see of an agent: never a sealed secret. `last_seen_at` is its last heartbeat, null if there was none. */
export type Agent = Omit<AgentRecord, 'sealed_secrets'> & { last_seen_at: string | null }

/** An agent as it is after a change, with the signing secret if one was made for it: this is the only time it is shown. */
export type ChangedAgent = { agent: Agent; created: boolean; signingSecret?: string }

export type AgentChange = { endpoint?: string | null; signing_secret?: string; disabled?: boolean }

/**
 * Creates an agent, or replaces what it is; its signing secrets are kept unless a new one is given. An agent with an
 * endpoint and no secret gets one. Postgres comes first, with an entry of the audit log, then the projection that the hot path reads: the call
 * projects even what did not change, so repeating one that failed half-way heals it.
 * Throws `endpoint.refused`, `request.invalid` for a malformed secret, `postgres.unavailable`, `redis.unavailable`.
 */
export async function registerAgent(
  hive: Hive,
  name: string,
  input: { endpoint: string | null; signing_secret?: string; disabled: boolean },
  actor = stageAdmin,
): Promise<ChangedAgent> {
  if (input.endpoint !== null) (await hive.endpoints()).check(input.endpoint)
  const { agents } = await hive.records()
  const current = await agents.get(name)
  const secrets = rotateSecrets(hive, name, current?.sealed_secrets ?? [], input.endpoint, input.signing_secret)
  const { endpoint, disabled } = input
  const entry = auditEntry(hive, { action: 'agent.put', actor, target: name, details: detailsOf(input, secrets) })
  const put = { name, endpoint, sealed_secrets: secrets.sealed, disabled }
  const { agent, created } = await agents.put(put, entry)
  await projectAgent(hive, agent)
  return changed(hive, agent, created, secrets.made)
}

/**
 * Changes what is given and keeps the rest; setting an endpoint also enables one that had been disabled by its answers.
 * Throws `agent.unknown`, else as `registerAgent`.
 */
export async function changeAgent(
  hive: Hive,
  name: string,
  change: AgentChange,
  actor = stageAdmin,
): Promise<ChangedAgent> {
  if (typeof change.endpoint === 'string') (await hive.endpoints()).check(change.endpoint)
  const { agents } = await hive.records()
  const current = await agents.get(name)
  if (!current) throw unknownAgent(name)
  const endpoint = change.endpoint === undefined ? current.endpoint : change.endpoint
  const secrets = rotateSecrets(hive, name, current.sealed_secrets, endpoint, change.signing_secret)
  const entry = auditEntry(hive, { action: 'agent.change', actor, target: name, details: detailsOf(change, secrets) })
  const patch = {
    ...(change.endpoint === undefined ? {} : { endpoint: change.endpoint, endpoint_disabled_at: null }),
    ...(change.disabled === undefined ? {} : { disabled: change.disabled }),
    ...(secrets.sealed === current.sealed_secrets ? {} : { sealed_secrets: secrets.sealed }),
  }
  const agent = await agents.change(name, patch, entry)
  if (!agent) throw unknownAgent(name)
  await projectAgent(hive, agent)
  return changed(hive, agent, false, secrets.made)
}

/**
 * Gives an agent another signing secret, the given one or one that is made and shown once. The one before signs too
 * until the next rotation, so that receivers accept both. Throws `agent.unknown`, else as `registerAgent`.
 */
export async function rotateSigningSecret(
  hive: Hive,
  name: string,
  given?: string,
  actor = stageAdmin,
): Promise<ChangedAgent> {
  if (given !== undefined) return changeAgent(hive, name, { signing_secret: given }, actor)
  const made = generateSigningSecret()
  return { ...(await changeAgent(hive, name, { signing_secret: made }, actor)), signingSecret: made }
}

/** Reads one agent. Throws `agent.unknown`. */
export async function getAgent(hive: Hive, name: string): Promise<Agent> {
  const { agents } = await hive.records()
  const agent = await agents.get(name)
  if (!agent) throw unknownAgent(name)
  return shown(hive, agent)
}

/** Lists agents by name, at most `limit` of them, after the name that a cursor stands for. */
export async function listAgents(hive: Hive, page: { limit: number; cursor?: string }): Promise<Page<Agent>> {
  const { agents } = await hive.records()
  const after =
    page.cursor === undefined
      ? {}
      : { after: decodeCursor('agents', page.cursor, (name) => AgentName().safeParse(name).success)[0] }
  // one more than asked for tells whether there is a next page
  const found = await agents.list({ ...after, limit: page.limit + 1 })
  const records = found.slice(0, page.limit)
  const seen = await lastSeen(
    hive,
    records.map(({ name }) => name),
  )
  const items = records.map((record, index) => withoutSecrets(record, seen[index] ?? null))
  const last = items.at(-1)
  return { items, next_cursor: found.length > page.limit && last ? encodeCursor('agents', last.name) : null }
}

/**
 * The sealed secrets that follow from a change, newest first: a new secret pushes the one before it into second place,
 * where it still signs until receivers have the new one. The secret in use given again changes nothing. Those that were
 * sealed under another root are lost.
 */
function rotateSecrets(
  hive: Hive,
  agent: string,
  sealed: string[],
  endpoint: string | null,
  given: string | undefined,
): { sealed: string[]; made?: string } {
  const { signingRoot } = hive.config
  const seal = (secret: string) => sealSecret(secret, agent, signingRoot)
  const [newest] = readable(sealed, agent, signingRoot)
  if (given !== undefined) {
    const secret = parseSigningSecret(given)
    if (newest === undefined) return { sealed: [seal(secret)] }
    return { sealed: newest.secret === secret ? sealed : [seal(secret), newest.sealed] }
  }
  if (endpoint === null || newest !== undefined) return { sealed }
  const made = generateSigningSecret()
  return { sealed: [seal(made)], made }
}

/** What the audit log tells of a change: of an endpoint only where it is, as the rest may hold a token; of a secret only that there is one. */
function detailsOf({ endpoint, signing_secret, disabled }: AgentChange, { made }: { made?: string }): object {
  const secret = made !== undefined ? 'made' : signing_secret !== undefined ? 'given' : undefined
  return {
    ...(endpoint === undefined ? {} : { endpoint: endpoint && new URL(endpoint).origin }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(secret === undefined ? {} : { signing_secret: secret }),
  }
}

async function changed(
  hive: Hive,
  record: AgentRecord,
  created: boolean,
  made: string | undefined,
): Promise<ChangedAgent> {
  return { agent: await shown(hive, record), created, ...(made === undefined ? {} : { signingSecret: made }) }
}

async function shown(hive: Hive, record: AgentRecord): Promise<Agent> {
  const [seen = null] = await lastSeen(hive, [record.name])
  return withoutSecrets(record, seen)
}

function withoutSecrets({ sealed_secrets: _, ...agent }: AgentRecord, lastSeenAt: string | null): Agent {
  return { ...agent, last_seen_at: lastSeenAt }
}
