import type { CapabilitiesRepository, CapabilityDeclaration, CapabilityRow } from '../capabilities-repository.ts'
import { columns } from '../columns.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { toIso } from '../moment.ts'
import type { Page } from '../page.ts'
import { audited } from './audit.ts'
import { emptyFilter, type Filter } from './filter.ts'
import { type Paged, pagedSelect, pageOf } from './page-of.ts'

const names = columns.agent_capabilities.map((name) => `c.${name}`).join(', ')

const differs = `(c.proficiency_level, c.description) IS DISTINCT FROM (EXCLUDED.proficiency_level, EXCLUDED.description)`
const declare = `
    INSERT INTO agent_capabilities AS c (agent_name, capability, proficiency_level, description)
    SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) AS d (agent_name, capability, level, text)
    WHERE NOT EXISTS (SELECT FROM unnest($1::text[]) AS n (agent_name) WHERE (
      SELECT count(*) FROM (
        SELECT capability FROM agent_capabilities o WHERE o.agent_name = n.agent_name
        UNION SELECT e.capability FROM unnest($1::text[], $2::text[]) AS e (agent_name, capability)
        WHERE e.agent_name = n.agent_name
      ) declared
    ) > $5::int)
    -- in one order: two callers must not wait for each other
    ORDER BY agent_name COLLATE "C", capability COLLATE "C"
    ON CONFLICT (agent_name, capability) DO UPDATE
      SET proficiency_level = EXCLUDED.proficiency_level, description = EXCLUDED.description,
        last_updated = CASE WHEN ${differs} THEN now() ELSE c.last_updated END
    RETURNING ${names}, (xmax = 0) AS created`

const withdraw = 'DELETE FROM agent_capabilities WHERE agent_name = $1 AND capability = ANY ($2::text[]) RETURNING id'

const anything = () => true
const isLevel = (part: string) => /^(?:[1-9]|10)$/.test(part)

/** Capabilities in Postgres. */
export function createCapabilities(run: RunStatement): CapabilitiesRepository {
  return {
    async declare(declarations: CapabilityDeclaration[], { most, entry } = {}) {
      // a statement can touch a row only once
      const last = [
        ...new Map(declarations.map((one) => [JSON.stringify([one.agent_name, one.capability]), one])).values(),
      ]
      if (last.length === 0) return []
      const values = [
        last.map((one) => one.agent_name),
        last.map((one) => one.capability),
        last.map((one) => one.proficiency_level ?? 5),
        last.map((one) => one.description ?? null),
        most ?? 2 ** 31 - 1,
      ]
      const rows = await run<CapabilityRow & { created: boolean }>(...audited(declare, values, entry))
      // in the order of code points, as the column is
      rows.sort((a, b) => compare(a.agent_name, b.agent_name) || compare(a.capability, b.capability))
      return rows.map((row) => ({ ...toCapability(row), created: row.created }))
    },
    async withdraw(agentName, capabilities, entry) {
      return (await run(...audited(withdraw, [agentName, capabilities], entry))).length
    },
    async get(agentName, capability) {
      const select = `SELECT ${names} FROM agent_capabilities c WHERE agent_name = $1 AND capability = $2`
      const [row] = await run<CapabilityRow>(select, [agentName, capability])
      return row && toCapability(row)
    },
    async list({ after, limit }) {
      const rows = await run<CapabilityRow>(
        `SELECT ${names} FROM agent_capabilities c WHERE $1::text IS NULL OR (agent_name, capability) > ($1, $2)
         ORDER BY agent_name, capability LIMIT $3::int`,
        [after?.agent_name ?? null, after?.capability ?? null, limit],
      )
      return rows.map(toCapability)
    },
    async byAgent(agentName, { cursor, limit }) {
      const filter = emptyFilter()
      filter.equal({ agent_name: agentName })
      if (cursor !== undefined) {
        const [capability = ''] = decodeCursor('agent_capabilities', cursor, anything)
        filter.conditions.push(`capability > ${filter.bind(capability)}`)
      }
      return readPage(filter, 'capability', limit, (row) => encodeCursor('agent_capabilities', row.capability))
    },
    async query({ capability, min_proficiency, cursor, limit }) {
      const filter = emptyFilter()
      filter.equal({ capability })
      if (min_proficiency !== undefined)
        filter.conditions.push(`proficiency_level >= ${filter.bind(min_proficiency)}::int`)
      if (cursor !== undefined) filter.conditions.push(...afterBest(filter, cursor))
      return readPage(filter, 'capability, proficiency_level DESC, agent_name', limit, (row) =>
        encodeCursor('capabilities', row.capability, String(row.proficiency_level), row.agent_name),
      )
    },
  }

  async function readPage(
    filter: Filter,
    order: string,
    limit: number,
    cursorOf: (row: CapabilityRow) => string,
  ): Promise<Page<CapabilityRow>> {
    const select = `SELECT ${names} FROM agent_capabilities c ${filter.where()}
      ORDER BY ${order} LIMIT ${filter.bind(limit + 1)}::int`
    const rows = await run<CapabilityRow & Paged>(
      pagedSelect(select, order, `coalesce(description, '')`),
      filter.values,
    )
    return pageOf(rows, limit, toCapability, cursorOf)
  }
}

/** What comes after a place in the order of `query`. The first condition is one that the index can begin at. */
function afterBest({ bind }: Filter, cursor: string): string[] {
  const [capability = '', level = '', agent = ''] = decodeCursor('capabilities', cursor, anything, isLevel, anything)
  const [c, l, a] = [bind(capability), `${bind(level)}::int`, bind(agent)]
  return [
    `capability >= ${c}`,
    `(capability > ${c} OR proficiency_level < ${l} OR proficiency_level = ${l} AND agent_name > ${a})`,
  ]
}

function toCapability(row: CapabilityRow): CapabilityRow {
  return {
    id: row.id,
    agent_name: row.agent_name,
    capability: row.capability,
    proficiency_level: row.proficiency_level,
    description: row.description,
    last_updated: toIso(row.last_updated) ?? row.last_updated,
  }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
