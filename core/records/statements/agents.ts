import type { AgentPatch, AgentPut, AgentRecord, AgentsRepository } from '../agents-repository.ts'
import type { AuditEntry } from '../audit-repository.ts'
import { columns } from '../columns.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { toIso } from '../moment.ts'
import { audited } from './audit.ts'

const names = columns.agents.map((name) => `a.${name}`).join(', ')

const put = changeOf(
  {
    endpoint: 'EXCLUDED.endpoint',
    endpoint_disabled_at: 'NULL::timestamptz',
    sealed_secrets: 'EXCLUDED.sealed_secrets',
    disabled: 'EXCLUDED.disabled',
  },
  (set, differs) => `
  INSERT INTO agents AS a (name, endpoint, sealed_secrets, disabled) VALUES ($1, $2, $3::text[], $4)
  ON CONFLICT (name) DO UPDATE SET ${set} WHERE ${differs}
  RETURNING ${names}, (xmax = 0) AS created`,
)

const change = changeOf(
  {
    endpoint: 'CASE WHEN $2::boolean THEN $3::text ELSE a.endpoint END',
    endpoint_disabled_at: 'CASE WHEN $4::boolean THEN $5::timestamptz ELSE a.endpoint_disabled_at END',
    sealed_secrets: 'coalesce($6::text[], a.sealed_secrets)',
    disabled: 'coalesce($7::boolean, a.disabled)',
  },
  (set, differs) => `
  UPDATE agents a SET ${set}
  WHERE name = $1 AND ($8::text IS NULL OR a.endpoint = $8) AND (${differs})
  RETURNING ${names}`,
)

/** A change that gives a row, and so has an audit entry, only for what is new: a statement that is sent twice counts once. */
function changeOf(values: Record<string, string>, statement: (set: string, differs: string) => string): string {
  const differs = Object.entries(values).map(([column, value]) => `a.${column} IS DISTINCT FROM ${value}`)
  const set = Object.entries({ ...values, version: 'a.version + 1', updated_at: 'now()' })
  return statement(set.map(([column, value]) => `${column} = ${value}`).join(', '), differs.join(' OR '))
}

/** Agents in Postgres. */
export function createAgents(run: RunStatement): AgentsRepository {
  async function get(name: string): Promise<AgentRecord | undefined> {
    const [row] = await run<AgentRecord>(`SELECT ${names} FROM agents a WHERE name = $1`, [name])
    return row && toAgent(row)
  }

  return {
    async put({ name, endpoint, sealed_secrets, disabled }: AgentPut, entry?: AuditEntry) {
      const [row] = await run<AgentRecord & { created: boolean }>(
        ...audited(put, [name, endpoint, sealed_secrets, disabled], entry),
      )
      const agent = row ? toAgent(row) : await get(name)
      if (!agent) throw new Error('an upsert gave no row')
      return { agent, created: row?.created ?? false }
    },
    async change(name: string, patch: AgentPatch, entry?: AuditEntry) {
      const values = [
        name,
        patch.endpoint !== undefined,
        patch.endpoint ?? null,
        patch.endpoint_disabled_at !== undefined,
        patch.endpoint_disabled_at ?? null,
        patch.sealed_secrets ?? null,
        patch.disabled ?? null,
        patch.if_endpoint ?? null,
      ]
      const [row] = await run<AgentRecord>(...audited(change, values, entry))
      if (row) return toAgent(row)
      const same = await get(name)
      return patch.if_endpoint === undefined || same?.endpoint === patch.if_endpoint ? same : undefined
    },
    get,
    async list({ after, limit }) {
      const rows = await run<AgentRecord>(
        `SELECT ${names} FROM agents a WHERE $1::text IS NULL OR name > $1 ORDER BY name LIMIT $2::int`,
        [after ?? null, limit],
      )
      return rows.map(toAgent)
    },
  }
}

function toAgent(row: AgentRecord): AgentRecord {
  const moment = (text: string) => toIso(text) ?? text
  return {
    name: row.name,
    endpoint: row.endpoint,
    endpoint_disabled_at: row.endpoint_disabled_at === null ? null : moment(row.endpoint_disabled_at),
    sealed_secrets: row.sealed_secrets,
    disabled: row.disabled,
    version: row.version,
    created_at: moment(row.created_at),
    updated_at: moment(row.updated_at),
  }
}
