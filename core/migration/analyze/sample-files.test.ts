import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkedPlan } from '../plan/check-plan.ts'
import { isMapped, type Plan } from '../plan/plan.ts'
import { suggestPlan } from '../plan/suggest/suggest-plan.ts'
import { analyzeFolder } from './analyze-folder.ts'
import { foundFiles } from './found-files.ts'
import { readFolder } from './reading/read-folder.ts'
import type { FolderReport } from './report.ts'

const data = join(import.meta.dirname, '..', '..', '..', 'test', 'data')

/** What others counted in each file; tables without rows are left out. */
const rows: Record<string, string> = {
  'agentmemoryos-comparison_test.db': 'memories=13',
  'chinook-autoincrement.sqlite':
    'Album=347 Artist=275 Customer=59 Employee=8 Genre=25 Invoice=412 InvoiceLine=2240 MediaType=5 Playlist=18 PlaylistTrack=8715 Track=3503 sqlite_sequence=10',
  'claudeflow-airmcp-memory.db': '',
  'claudeflow-canopy-memory.db': 'memory_entries=24 sqlite_sequence=1',
  'duckdb-decimal.db': 'a=2',
  'duckdb-emptytype.db': 'tbl=4',
  'duckdb-fts.db': 'email=1',
  'duckdb-giant_row_id.db': 'big_row_id=1 sparse_row_id=2 sparse_row_id_smaller=2',
  'duckdb-mixed_data_numeric.db': 'tbl=3',
  'duckdb-norowid.db': 'wordcount=2',
  'duckdb-unix_timestamp.db': 'timestamp=2 timestamp_fractional=2 timestamp_out_of_range=1',
  'grafana-infinityworks.db':
    'alert=3 annotation=2 dashboard=7 dashboard_tag=11 data_source=2 migration_log=110 org=1 org_user=1 sqlite_sequence=11 star=7 user=1',
  'mlflow-agenticfleet-mlruns.db': 'alembic_version=1 experiment_tags=2 experiments=2 registered_models=1',
  'pgloader-bad-utf8.db': 'files=3',
  'pgloader-collision.db': 'products=1',
  'pgloader-matviews.sqlite': 'products=3',
  'pgloader-sqlite.db':
    'autoinc=3 blobs=1 character=4 currentdate=1 datetime_default=3 def=2 double=1 intege=3 ints=3 item=2 long=2 reals=3 sqlite_sequence=3 stamps=3 unsigned=2 user=4',
  'pgloader-type-mismatch.db': 'products=3',
  'prefrontal-audit_log.db': 'audit_log=10',
  'sqlite-dbfuzz2-seed1.db': 't1=4 t2=8 t4=8',
  'sqlittle-funkykey.sqlite': 'fuz=3',
  'sqlittle-values.sqlite': 'things=17',
  'sqlittle-wal_crashed.sqlite': 'words=1000',
  'agent-hive/adaptive_learning.db': '',
  'agent-hive/agent_capabilities.db':
    'agent_availability=6 agent_capabilities=36 agent_specializations=24 sqlite_sequence=3',
  'agent-hive/agent_conversations.db': '',
  'agent-hive/audit_log.db': '',
  'agent-hive/auth_pipeline_metrics.db': 'auth_performance_stats=3 sqlite_sequence=1',
  'agent-hive/baseline_metrics.db': 'baseline_metrics=3 sqlite_sequence=1',
  'agent-hive/monitoring.db': '',
  'agent-hive/pattern_optimizer.db': '',
  'agent-hive/predictive_analytics.db': '',
  'agent-hive/security_audit.db': '',
  'agent-hive/security_metrics.db': '',
  'agent-hive/unified_security_metrics.db':
    'security_dashboard_snapshots=2 security_performance_metrics=3 sqlite_sequence=2',
}

const unreadable: Record<string, string> = {
  'sqlcipher-4.0-testkey.db': 'encrypted',
  'sqlittle-issue_5.sqlite': 'truncated',
  'sqlittle-notadatabase.sqlite': 'not SQLite',
  'sqlittle-truncated.sqlite': 'truncated',
  'sqlittle-zerolength.sqlite': 'empty',
}

let report: FolderReport
let replay: FolderReport
let plan: Plan

beforeAll(async () => {
  const read = (folder: string) => analyzeFolder(folder, readFolder(folder))
  ;[report, replay] = await Promise.all([read(join(data, 'sqlite')), read(join(data, 'replay'))])
  plan = suggestPlan(report, { zone: 'UTC', agent: 'unknown' })
})

const columnOf = (path: string, table: string, column: string, of = report) =>
  of.files
    .find((file) => file.path === path)
    ?.tables.find(({ name }) => name === table)
    ?.columns.find(({ name }) => name === column)

const planOf = (path: string, table: string, of = plan) =>
  of.files.find((file) => file.path === path)?.tables.find(({ name }) => name === table)

describe('an analysis of real files', () => {
  it('finds each of them, and counts the rows that are there', () => {
    const counted = report.files.map(({ path, state, tables }) => {
      const full = tables.filter((table) => table.rows > 0)
      return [path, state === 'readable' ? full.map((table) => `${table.name}=${table.rows}`).join(' ') : state]
    })
    expect(Object.fromEntries(counted)).toEqual({ ...rows, ...unreadable })
  })

  it('reads rows that are only in the -wal', () => {
    const hive = replay.files.find(({ path }) => path === 'claudeflow-omninode-hive.db')
    expect(hive?.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ['agents', 5],
      ['collective_memory', 4],
      ['consensus_decisions', 0],
      ['session_checkpoints', 1],
      ['session_logs', 8],
      ['sessions', 1],
      ['sqlite_sequence', 1],
      ['swarms', 1],
      ['tasks', 0],
    ])
    expect(hive?.not_data).toEqual([
      { name: 'memory_stats', kind: 'view' },
      { name: 'sqlite_stat1', kind: 'internal' },
      { name: 'sqlite_stat4', kind: 'internal' },
    ])
  })

  it('knows pages, encodings and journals', () => {
    const chinook = report.files.find(({ path }) => path.startsWith('chinook'))
    expect(chinook).toMatchObject({ encoding: 'UTF-8', page_size: 1024, journal_mode: 'delete' })
    expect(report.files.find(({ path }) => path.startsWith('claudeflow-canopy'))).toMatchObject({ journal_mode: 'wal' })
  })

  it('tells times and their units', () => {
    expect(columnOf('claudeflow-canopy-memory.db', 'memory_entries', 'created_at')?.time).toMatchObject({
      unit: 's',
      unclear: 0,
    })
    expect(columnOf('duckdb-unix_timestamp.db', 'timestamp_fractional', 'val')?.time).toMatchObject({
      unit: 's',
      from: '2024-09-23 08:06:20.5+00',
      to: '2024-09-23 08:06:22.123456+00',
    })
    expect(columnOf('duckdb-unix_timestamp.db', 'timestamp_out_of_range', 'ts')?.time).toBeUndefined()
    expect(columnOf('mlflow-agenticfleet-mlruns.db', 'experiments', 'creation_time')?.time).toMatchObject({
      unit: 'ms',
    })
    expect(columnOf('grafana-infinityworks.db', 'user', 'created')?.time).toMatchObject({
      unit: 'iso',
      layout: 'sqlite',
      zoneless: 1,
    })
    expect(columnOf('prefrontal-audit_log.db', 'audit_log', 'timestamp')?.time).toMatchObject({
      unit: 'iso',
      layout: 'isoformat',
      zoned: 0,
      zoneless: 10,
    })
  })

  it('knows generated columns, composite keys and columns without a type', () => {
    expect(columnOf('mlflow-agenticfleet-mlruns.db', 'spans', 'duration_ns')).toMatchObject({ generated: true })
    const fuz = report.files.find(({ path }) => path === 'sqlittle-funkykey.sqlite')?.tables[0]
    expect(fuz).toMatchObject({ primary_key: ['c', 'a'], without_rowid: true })
    expect(columnOf('duckdb-emptytype.db', 'tbl', 'col')).toMatchObject({
      declared_type: '',
      affinity: 'BLOB',
      storage: { null: 1, integer: 1, real: 1, text: 1, invalid_text: 0, blob: 0 },
    })
  })

  it('names what others lost data over', () => {
    const odd = report.files.flatMap(({ path, tables }) =>
      tables.flatMap((table) => [
        ...table.odd.map(({ what, count }) => `${path} ${table.name}: ${what} (${count})`),
        ...table.columns.flatMap((column) =>
          column.odd.map(({ what, count }) => `${path} ${table.name}.${column.name}: ${what} (${count})`),
        ),
      ]),
    )
    expect(odd).toEqual(
      expect.arrayContaining([
        'pgloader-type-mismatch.db products.qty: texts in a column of numbers (1)',
        'pgloader-sqlite.db intege.id: numbers with a fraction, or too large, in a column of integers (1)',
        'pgloader-collision.db products: columns whose names are equal in their first 63 bytes (2)',
        'pgloader-bad-utf8.db files.filename: BLOBs in a column of text (1)',
        'duckdb-giant_row_id.db big_row_id.id: integers beyond ±(2^53 − 1) (1)',
        'duckdb-decimal.db a.c6: numbers beyond decimal (10, 5) (1)',
        'prefrontal-audit_log.db audit_log: no primary key (1)',
      ]),
    )
  })
})

describe('a plan for real files', () => {
  it('can be run as it is made', async () => {
    const found = (folder: string) => foundFiles(readFolder(join(data, folder)))
    expect(checkedPlan(JSON.parse(JSON.stringify(plan)), await found('sqlite'))).toEqual(plan)
    const other = suggestPlan(replay, { zone: 'UTC', agent: 'unknown' })
    expect(checkedPlan(JSON.parse(JSON.stringify(other)), await found('replay'))).toEqual(other)
  })

  it('has a place for each table of the twelve databases of the agent hive', () => {
    const targets = plan.files
      .filter(({ path }) => path.startsWith('agent-hive/'))
      .flatMap(({ tables }) => tables.filter(isMapped).map(({ name, target }) => [name, target]))
    expect(Object.fromEntries(targets)).toEqual({
      agent_capabilities: 'agent_capabilities',
      agent_messages: 'agent_conversations',
      audit_events: 'audit_logs',
      auth_performance_stats: 'agent_metrics',
      auth_pipeline_metrics: 'agent_metrics',
      baseline_metrics: 'agent_metrics',
      metrics: 'agent_metrics',
      security_alerts: 'security_events',
      security_dashboard_snapshots: 'agent_metrics',
      security_events: 'security_events',
      security_metrics: 'agent_metrics',
      security_performance_metrics: 'agent_metrics',
      system_metrics: 'agent_metrics',
    })
    const reasons = plan.files.flatMap(({ path, tables }) => (path.startsWith('agent-hive/') ? tables : []))
    for (const { name, because } of reasons) {
      if (name !== 'sqlite_sequence') expect(because, name).toMatch(/^known: /)
    }
  })

  it('suggests little, and says why', () => {
    const suggested = plan.files.flatMap(({ path, tables }) =>
      tables
        .filter(({ because }) => because?.startsWith('suggested: '))
        .map(({ name, target }) => `${path} ${name} ${target}`),
    )
    expect(suggested).toEqual([
      'claudeflow-airmcp-memory.db metrics_log agent_metrics',
      'mlflow-agenticfleet-mlruns.db metrics agent_metrics',
      'prefrontal-audit_log.db audit_log agent_metrics',
    ])
    expect(planOf('prefrontal-audit_log.db', 'audit_log')).toMatchObject({
      pivot: {
        accuracy: 'accuracy',
        auc: 'auc',
        logloss: 'logloss',
        ks_stat: 'ks_stat',
        wasserstein: 'wasserstein',
        psi: 'psi',
      },
      columns: { timestamp: { unit: 'iso', layout: 'isoformat' } },
    })
    expect(
      planOf('claudeflow-omninode-hive.db', 'session_logs', suggestPlan(replay, { zone: 'UTC', agent: 'a' })),
    ).toMatchObject({
      target: 'agent_conversations',
      because: expect.stringMatching(/^known: /),
      columns: { metadata: { rule: 'rest', json: ['data'] }, timestamp: { unit: 'iso', layout: 'sqlite' } },
    })
  })

  it('skips views and shadow tables, and says of the unreadable what they are', () => {
    expect(planOf('pgloader-matviews.sqlite', 'cheap_products')).toMatchObject({ target: 'skip' })
    expect(planOf('duckdb-fts.db', 'email')).toMatchObject({ target: 'legacy' })
    expect(planOf('duckdb-fts.db', 'email_content')).toMatchObject({ target: 'skip' })
    const named = plan.files
      .filter(({ unreadable }) => unreadable !== undefined)
      .map(({ path, tables }) => [path, tables])
    expect(named).toEqual(Object.keys(unreadable).map((path) => [path, []]))
  })
})
