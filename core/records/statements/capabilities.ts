import type { CapabilitiesRepository, CapabilityDeclaration, CapabilityRow } from '../capabilities-repository.ts'
import { columns } from '../columns.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { toIso } from '../moment.ts'
import type { Page } from '../page.ts'
import { emptyFilter, type Filter } from './filter.ts'

const names = columns.agent_capabilities.map((name) => `c.${name}`).join(', ')

const differs = `(c.proficiency_level, c.description) IS DISTINCT FROM (EXCLUDED.proficiency_level, EXCLUDED.description)`
const declare = `
  WITH stored AS (
    INSERT INTO agent_capabilities AS c (agent_name, capability, proficiency_level, description)
    SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) AS d (agent_name, capability, level, text)
    -- in one order: two callers must not wait for each other
    ORDER BY agent_name COLLATE "C", capability COLLATE "C"
    ON CONFLICT (agent_name, capability) DO UPDATE
      SET proficiency_level = EXCLUDED.proficiency_level, description = EXCLUDED.description,
        last_updated = CASE WHEN ${differs} THEN now() ELSE c.last_updated END
    RETURNING ${names}, (xmax = 0) AS created
  )
  SELECT * FROM stored ORDER BY agent_name, capability`

const withdraw = `
  WITH gone AS (DELETE FROM agent_capabilities WHERE agent_name = $1 AND capability = ANY ($2::text[]) RETURNING id)
  SELECT count(*)::int AS count FROM gone`

const anything = () => true
const isLevel = (part: string) => /^(?:[1-9]|10)$/.test(part)

/** Capabilities in Postgres. */
export function createCapabilities(run: RunStatement): CapabilitiesRepository {
  return {
    async declare(declarations: CapabilityDeclaration[]) {
      // a statement can touch a row only once
      const last = [
        ...new Map(declarations.map((one) => [JSON.stringify([one.agent_name, one.capability]), one])).values(),
      ]
      if (last.length === 0) return []
      const rows = await run<CapabilityRow & { created: boolean }>(declare, [
        last.map((one) => one.agent_name),
        last.map((one) => one.capability),
        last.map((one) => one.proficiency_level ?? 5),
        last.map((one) => one.description ?? null),
      ])
      return rows.map((row) => ({ ...toCapability(row), created: row.created }))
    },
    async withdraw(agentName, capabilities) {
      const [row] = await run<{ count: number }>(withdraw, [agentName, capabilities])
      return row?.count ?? 0
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
    const rows = await run<CapabilityRow>(select, filter.values)
    const items = rows.slice(0, limit).map(toCapability)
    const last = items.at(-1)
    return { items, next_cursor: rows.length > limit && last ? cursorOf(last) : null }
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
