import type { FieldError } from '../../errors.ts'
import type { MigrationStep } from '../../migration/cloud/work.ts'
import { plainValue } from '../../migration/plain-value.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import type {
  MigrationDifference,
  MigrationReject,
  MigrationRun,
  MigrationsRepository,
  MigrationTable,
  MigrationVerification,
  RowCounts,
  StartedMigration,
} from '../migrations-repository.ts'
import { toIso } from '../moment.ts'
import { auditedBy } from './audit.ts'
import { type Paged, pagedSelect, pageOf } from './page-of.ts'

const start = `
  WITH there AS (
    SELECT id FROM migration_runs WHERE upload = $3::uuid AND md5(plan) = md5($2) AND state <> 'rolled back'
  ), resumed AS (
    UPDATE migration_runs r
    SET state = 'running', step = 'prepare', ended_at = NULL, fault = NULL, problems = '[]', heard_at = now(), revived = 0
    FROM there WHERE r.id = there.id AND r.state = 'failed' AND r.step IS NULL RETURNING r.id
  ), made AS (
    INSERT INTO migration_runs (id, state, plan, upload, as_new, start_at, step)
    SELECT $1::uuid, CASE WHEN $5::timestamptz > now() THEN 'planned' ELSE 'running' END, $2, $3::uuid, $4::boolean,
      $5::timestamptz, 'prepare'
    WHERE NOT EXISTS (SELECT FROM there)
    ON CONFLICT DO NOTHING RETURNING id
  ), begun AS (SELECT * FROM resumed UNION ALL SELECT * FROM made) /* audited */
  SELECT id, true AS begun FROM begun
  UNION ALL SELECT id, false AS begun FROM there WHERE NOT EXISTS (SELECT FROM begun)`

const ofRun = 'SELECT t.id FROM migration_tables t JOIN migration_files f ON f.id = t.file_id WHERE f.run_id'

const requestVerify = `
  WITH changed AS (
    UPDATE migration_runs SET step = 'verify', heard_at = now(), revived = 0, problems = '[]',
      fault = CASE WHEN state = 'failed' THEN fault END
    WHERE id = $1::uuid AND upload IS NOT NULL AND state IN ('complete', 'failed') AND step IS NULL
      AND EXISTS (${ofRun} = $1::uuid)
    RETURNING id
  ), forgotten AS (
    DELETE FROM migration_checks USING changed WHERE table_id IN (${ofRun} = $1::uuid)
  ) /* audited */
  SELECT id FROM changed UNION SELECT id FROM migration_runs WHERE id = $1::uuid AND step = 'verify'`

const requestRollback = `
  WITH changed AS (
    UPDATE migration_runs SET step = 'roll back', heard_at = now(), revived = 0, problems = '[]',
      fault = CASE WHEN state = 'failed' THEN fault END
    WHERE id = $1::uuid AND state <> 'rolled back' AND step IS DISTINCT FROM 'roll back' RETURNING id
  ) /* audited */
  SELECT id FROM changed UNION SELECT id FROM migration_runs WHERE id = $1::uuid AND step = 'roll back'`

const givenUp = `(r.revived >= $2::int AND r.state <> 'planned')`
const revive = `
  UPDATE migration_runs r SET
    state = CASE WHEN ${givenUp} AND r.step IN ('prepare', 'move') THEN 'failed'
      WHEN r.state = 'planned' THEN 'running' ELSE r.state END,
    fault = CASE WHEN ${givenUp} THEN 'the step "' || r.step || '" was begun again ' || r.revived || ' times and got nowhere'
      ELSE r.fault END,
    ended_at = CASE WHEN ${givenUp} AND r.step IN ('prepare', 'move') THEN now() ELSE r.ended_at END,
    step = CASE WHEN ${givenUp} THEN NULL ELSE r.step END,
    revived = CASE WHEN r.state = 'planned' OR ${givenUp} THEN 0 ELSE r.revived + 1 END,
    heard_at = now()
  WHERE r.step IS NOT NULL AND CASE WHEN r.state = 'planned' AND r.step = 'prepare' THEN r.start_at <= now()
    ELSE r.heard_at <= now() - make_interval(secs => $1::float8 / 1000) END
  RETURNING r.id, r.step`

const pending = `
  SELECT id, 1000 * extract(epoch FROM CASE WHEN state = 'planned' AND step = 'prepare' THEN start_at
    ELSE heard_at + make_interval(secs => $1::float8 / 1000) END)::float8 AS at
  FROM migration_runs WHERE step IS NOT NULL`

/** Runs with the sums over their tables. `total` counts only tables of which the rows were counted. */
const selectRuns = (where: string) => `
  SELECT r.id, r.state, r.step, r.upload, r.as_new, r.start_at, r.started_at, r.ended_at, r.fault, r.problems, c.*
  FROM (${where}) r CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) FILTER (WHERE t.total IS NULL) = 0 THEN sum(t.total)::float8 END AS total,
      coalesce(sum(t.rows), 0)::float8 AS rows, coalesce(sum(t.migrated), 0)::float8 AS migrated,
      coalesce(sum(t.legacy), 0)::float8 AS legacy, coalesce(sum(t.rejected), 0)::float8 AS rejected
    FROM migration_files f JOIN migration_tables t ON t.file_id = f.id
    WHERE f.run_id = r.id AND t.state <> 'moved before'
  ) c ORDER BY r.started_at DESC, r.id DESC`

const selectTables = `
  SELECT f.id AS file_id, coalesce(t.id, 0) AS table_id, f.path AS file, t.name AS table,
    coalesce(t.state, 'cannot be read') AS state, coalesce(t.fault, f.fault) AS fault, t.total::float8 AS total,
    coalesce(t.rows, 0)::float8 AS rows, coalesce(t.migrated, 0)::float8 AS migrated,
    coalesce(t.legacy, 0)::float8 AS legacy, coalesce(t.rejected, 0)::float8 AS rejected,
    coalesce(t.target_rows, 0)::float8 AS target_rows
  FROM migration_files f LEFT JOIN migration_tables t ON t.file_id = f.id
  WHERE f.run_id = $1::uuid AND (t.id IS NOT NULL OR f.fault IS NOT NULL)
    AND ($2::bigint IS NULL OR (f.id, coalesce(t.id, 0)) > ($2::bigint, $3::bigint))
  ORDER BY file_id, table_id LIMIT $4::int`

const selectRejects = `
  SELECT t.id AS table_id, j.row, f.path AS file, t.name AS table, j.column_name AS column, j.value::text AS value,
    j.reason
  FROM migration_rejects j JOIN migration_tables t ON t.id = j.table_id JOIN migration_files f ON f.id = t.file_id
  WHERE f.run_id = $1::uuid AND ($2::bigint IS NULL OR (t.id, j.row) > ($2::bigint, $3::bigint))
  ORDER BY t.id, j.row LIMIT $4::int`

const selectChecks = `
  SELECT sum(c.source)::float8 AS source, sum(c.moved)::float8 AS moved, sum(c.more)::float8 AS more,
    bool_and(c.ended) AND min(r.step) IS DISTINCT FROM 'verify' AS ended,
    '[' || string_agg(c.differences, ',' ORDER BY c.table_id) FILTER (WHERE c.differences <> '[]') || ']' AS differences
  FROM migration_checks c JOIN migration_tables t ON t.id = c.table_id JOIN migration_files f ON f.id = t.file_id
    JOIN migration_runs r ON r.id = f.run_id
  WHERE f.run_id = $1::uuid HAVING count(*) > 0`

const mostDifferences = 100
const isDigits = (part: string) => /^\d{1,18}$/.test(part)
const isMoment = (part: string) => toIso(part) !== undefined
const isUuid = (part: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(part)

type CountRow = { total: number | null } & Record<'rows' | 'migrated' | 'legacy' | 'rejected', number>
type RunRow = Omit<MigrationRun, 'problems' | 'rows'> & { problems: string } & CountRow

/** Migrations in Postgres, as they are asked for over HTTP; core/migration has what moves rows. */
export function createMigrations(run: RunStatement): MigrationsRepository {
  return {
    async start({ id, plan, upload, as_new, start_at }, entry) {
      const statement = auditedBy('begun', start, [id, plan, upload, as_new, start_at], entry)
      // of two that begin the same at once the later one finds it at its second try
      const row = (await run<StartedMigration>(...statement))[0] ?? (await run<StartedMigration>(...statement))[0]
      if (!row) throw new Error('a run was neither there nor made')
      return row
    },

    async get(id) {
      const [row] = await run<RunRow>(selectRuns('SELECT * FROM migration_runs WHERE id = $1::uuid'), [id])
      return row && { ...toRun(row), verification: await readVerification(run, id) }
    },

    async list({ cursor, limit }) {
      const [at = null, id = null] = cursor === undefined ? [] : decodeCursor('migrations', cursor, isMoment, isUuid)
      const select = `SELECT * FROM migration_runs
        WHERE $1::timestamptz IS NULL OR (started_at, id) < ($1::timestamptz, $2::uuid)
        ORDER BY started_at DESC, id DESC LIMIT $3::int`
      const rows = await run<RunRow>(selectRuns(select), [at, id, limit + 1])
      const shown = rows.slice(0, limit)
      const last = rows.length > limit ? shown.at(-1) : undefined
      const next = last ? encodeCursor('migrations', last.started_at, last.id) : null
      return { items: shown.map(toRun), next_cursor: next }
    },

    async tables(id, { cursor, limit }) {
      const [file = null, table = null] = cursor === undefined ? [] : decodeCursor('tables', cursor, isDigits, isDigits)
      type Row = Paged & Omit<MigrationTable, 'rows'> & CountRow & { file_id: string; table_id: string }
      const select = pagedSelect(
        selectTables,
        'file_id, table_id',
        `file || coalesce("table", '') || coalesce(fault, '')`,
      )
      const rows = await run<Row>(select, [id, file, table, limit + 1])
      const read = (row: Row): MigrationTable => {
        const { file: path, table: name, state, fault, target_rows } = row
        return { file: path, table: name, state, fault, rows: toCounts(row), target_rows }
      }
      return pageOf(rows, limit, read, (one) => encodeCursor('tables', one.file_id, one.table_id))
    },

    async rejects(id, { cursor, limit }) {
      const [table = null, row = null] = cursor === undefined ? [] : decodeCursor('rejects', cursor, isDigits, isDigits)
      type Row = Paged & Omit<MigrationReject, 'value' | 'row'> & { table_id: string; row: string; value: string }
      const rows = await run<Row>(pagedSelect(selectRejects, 'table_id, row', 'value || reason'), [
        id,
        table,
        row,
        limit + 1,
      ])
      const read = ({ file, table: name, row: place, column, value, reason }: Row): MigrationReject => {
        return { file, table: name, row: Number(place), column, value: plainValue(JSON.parse(value)), reason }
      }
      return pageOf(rows, limit, read, (one) => encodeCursor('rejects', one.table_id, one.row))
    },

    requestVerify: async (id, entry) => (await run(...auditedBy('changed', requestVerify, [id], entry))).length > 0,
    requestRollback: async (id, entry) => (await run(...auditedBy('changed', requestRollback, [id], entry))).length > 0,
    hear: async (id, step) =>
      (
        await run('UPDATE migration_runs SET heard_at = now() WHERE id = $1::uuid AND step = $2 RETURNING id', [
          id,
          step,
        ])
      ).length > 0,
    revive: (stallMs, mostRevivals) => run<{ id: string; step: MigrationStep | null }>(revive, [stallMs, mostRevivals]),
    pending: (stallMs) => run<{ id: string; at: number }>(pending, [stallMs]),
  }
}

async function readVerification(run: RunStatement, id: string): Promise<MigrationVerification | null> {
  type Checks = Record<'source' | 'moved' | 'more', number> & { ended: boolean; differences: string | null }
  const [checks] = await run<Checks>(selectChecks, [id])
  if (!checks) return null
  const { source, moved, ended } = checks
  const differences = (JSON.parse(checks.differences ?? '[]') as MigrationDifference[][]).flat()
  const shown = differences.slice(0, mostDifferences)
  const more = checks.more + differences.length - shown.length
  return { ended, verified: ended && differences.length === 0, source, moved, differences: shown, more }
}

function toRun(row: RunRow): MigrationRun {
  const moment = (text: string) => toIso(text) ?? text
  const { id, state, step, upload, as_new, start_at, started_at, ended_at, fault, problems } = row
  return {
    ...{ id, state, step, upload, as_new, fault },
    start_at: start_at === null ? null : moment(start_at),
    started_at: moment(started_at),
    ended_at: ended_at === null ? null : moment(ended_at),
    problems: JSON.parse(problems) as FieldError[],
    rows: toCounts(row),
  }
}

const toCounts = ({ total, rows: done, migrated, legacy, rejected }: CountRow): RowCounts => {
  return { total, done, migrated, legacy, rejected }
}
