import type { AgentPatch, AgentPut, AgentRecord, AgentsRepository } from '../agents-repository.ts'
import type { AuditEntry } from '../audit-repository.ts'
import { columns } from '../columns.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { toIso } from '../moment.ts'
import { audited } from './audit.ts'

const names = columns.agents.map((name) => `a.${name}`).join(', ')

const put = `
  INSERT INTO agents AS a (name, endpoint, sealed_secrets, disabled) VALUES ($1, $2, $3::text[], $4)
  ON CONFLICT (name) DO UPDATE SET ${assign({
    endpoint: 'EXCLUDED.endpoint',
    endpoint_disabled_at: 'NULL::timestamptz',
    sealed_secrets: 'EXCLUDED.sealed_secrets',
    disabled: 'EXCLUDED.disabled',
  })}
  RETURNING ${names}, (xmax = 0) AS created`

const change = `
  UPDATE agents a SET ${assign({
    endpoint: 'CASE WHEN $2::boolean THEN $3::text ELSE a.endpoint END',
    endpoint_disabled_at: 'CASE WHEN $4::boolean THEN $5::timestamptz ELSE a.endpoint_disabled_at END',
    sealed_secrets: 'coalesce($6::text[], a.sealed_secrets)',
    disabled: 'coalesce($7::boolean, a.disabled)',
  })}
  WHERE name = $1
  RETURNING ${names}`

/** A new version only for what is new: a statement that is sent twice counts once. */
function assign(values: Record<string, string>): string {
  const differs = Object.entries(values)
    .map(([column, value]) => `a.${column} IS DISTINCT FROM ${value}`)
    .join(' OR ')
  return Object.entries({
    ...values,
    version: `a.version + (${differs})::int`,
    updated_at: `CASE WHEN ${differs} THEN now() ELSE a.updated_at END`,
  })
    .map(([column, value]) => `${column} = ${value}`)
    .join(', ')
}

/** Agents in Postgres. */
export function createAgents(run: RunStatement): AgentsRepository {
  return {
    async put({ name, endpoint, sealed_secrets, disabled }: AgentPut, entry?: AuditEntry) {
      const [row] = await run<AgentRecord & { created: boolean }>(
        ...audited(put, [name, endpoint, sealed_secrets, disabled], entry),
      )
      if (!row) throw new Error('an upsert gave no row')
      return { agent: toAgent(row), created: row.created }
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
      ]
      const [row] = await run<AgentRecord>(...audited(change, values, entry))
      return row && toAgent(row)
    },
    async get(name) {
      const [row] = await run<AgentRecord>(`SELECT ${names} FROM agents a WHERE name = $1`, [name])
      return row && toAgent(row)
    },
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
