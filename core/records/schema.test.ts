import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { borrow } from '../../test/borrow.ts'
import { columns } from './columns.ts'

let client: pg.Client

beforeAll(async () => {
  client = new pg.Client({ connectionString: JSON.parse(await borrow('database')).databaseUrl })
  await client.connect()
})

afterAll(() => client.end())

describe('the schema', () => {
  it('has exactly the tables and columns that the code reads and writes', async () => {
    const { rows } = await client.query(`
      SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) AS names
      FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name`)
    const found = Object.fromEntries(rows.map(({ table_name, names }) => [table_name, names]))
    expect(found).toEqual({
      ...columns,
      metric_writes: ['key', 'points', 'written_at', 'digest'],
      schema_migrations: ['name', 'sha256', 'applied_at'],
    })
  })

  it('has the types that the code takes them for', async () => {
    const { rows } = await client.query(`
      SELECT data_type, array_agg(table_name || '.' || column_name ORDER BY table_name, column_name) AS names
      FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name NOT LIKE 'schema%' AND data_type <> 'text' GROUP BY data_type`)
    const found = Object.fromEntries(rows.map(({ data_type, names }) => [data_type, names]))
    expect(found).toEqual({
      ARRAY: ['agents.sealed_secrets', 'api_keys.scopes', 'migration_ranges.widths', 'subscriptions.message_types'],
      bigint: [
        'agent_capabilities.id',
        'agent_conversations.id',
        'agent_conversations.status_at',
        'agent_metrics.id',
        'audit_logs.id',
        'legacy_rows.row',
        'legacy_rows.table_id',
        'migration_checks.more',
        'migration_checks.moved',
        'migration_checks.place',
        'migration_checks.source',
        'migration_checks.table_id',
        'migration_files.id',
        'migration_kept.row',
        'migration_kept.table_id',
        'migration_pieces.row',
        'migration_pieces.table_id',
        'migration_ranges.first_id',
        'migration_ranges.first_row',
        'migration_ranges.first_rowid',
        'migration_ranges.table_id',
        'migration_rejects.row',
        'migration_rejects.table_id',
        'migration_tables.file_id',
        'migration_tables.id',
        'migration_tables.legacy',
        'migration_tables.migrated',
        'migration_tables.rejected',
        'migration_tables.rows',
        'migration_tables.target_rows',
        'migration_tables.total',
        'security_events.id',
      ],
      bytea: ['migration_pieces.bytes', 'migration_ranges.checksums', 'migration_ranges.rowids'],
      boolean: ['agents.disabled', 'migration_checks.ended', 'migration_runs.as_new'],
      'double precision': ['agent_metrics.value'],
      integer: [
        'agent_conversations.attempts',
        'agents.version',
        'api_keys.version',
        'metric_writes.points',
        'migration_pieces.piece',
        'migration_pieces.place',
        'migration_ranges.ids',
        'migration_ranges.rows',
        'migration_runs.revived',
      ],
      json: ['legacy_rows.content'],
      jsonb: [
        'agent_conversations.metadata',
        'agent_metrics.metadata',
        'audit_logs.details',
        'migration_kept.kept',
        'migration_rejects.content',
        'migration_rejects.value',
        'security_events.metadata',
      ],
      smallint: ['agent_capabilities.proficiency_level', 'agent_conversations.priority'],
      'timestamp with time zone': [
        'agent_capabilities.last_updated',
        'agent_conversations.timestamp',
        'agent_metrics.timestamp',
        'agents.created_at',
        'agents.endpoint_disabled_at',
        'agents.updated_at',
        'api_keys.created_at',
        'api_keys.expires_at',
        'api_keys.revoked_at',
        'audit_logs.timestamp',
        'metric_writes.written_at',
        'migration_runs.ended_at',
        'migration_runs.heard_at',
        'migration_runs.start_at',
        'migration_runs.started_at',
        'security_events.timestamp',
        'subscriptions.created_at',
        'subscriptions.updated_at',
      ],
      uuid: [
        'agent_conversations.conversation_id',
        'audit_logs.event_id',
        'migration_files.run_id',
        'migration_runs.id',
        'migration_runs.retries',
        'migration_runs.upload',
        'security_events.event_id',
      ],
    })
  })
})
