import { basename } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, vi } from 'vitest'
import { it } from '../../../test/moving.ts'
import { verifyRun } from '../moved/verify-run.ts'
import type { Plan } from '../plan/plan.ts'
import { tryRun } from './try-run.ts'

const plan: Plan = {
  version: 1,
  zone: 'UTC',
  files: ['a.db', 'b.db'].map((path) => ({ path, tables: [{ name: 't', target: 'legacy' }] })),
}

/** As of a value in its schema that JavaScript has not. */
function failAt(statement: string, file: string): void {
  const { prepare } = DatabaseSync.prototype
  const spy = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql) {
    if (sql === statement && basename(this.location() ?? '') === file) throw new RangeError('value is too large')
    return prepare.call(this, sql)
  })
  onTestFinished(() => spy.mockRestore())
}

it.for([
  ['the tables cannot be told', 'PRAGMA journal_mode'],
  ['the settings cannot be told', 'PRAGMA user_version'],
] as const)('a file of which %s is at fault, and the others are moved', async ([_, statement], { moving }) => {
  const { source, database, move } = moving
  for (const { path } of plan.files) database('CREATE TABLE t (a); INSERT INTO t VALUES (1)', path)
  failAt(statement, 'a.db')
  expect(await move(source, plan)).toMatchObject({
    state: 'failed',
    fault: expect.stringContaining('a.db: unreadable: value is too large'),
    files: [{ path: 'a.db', fault: 'unreadable: value is too large' }, { path: 'b.db' }],
    tables: [{ file: 'b.db', state: 'done', rows: 1 }],
  })
})

it('a file of which the tables cannot be told is tried and verified as one that cannot be read', async ({ moving }) => {
  const { client, source, database, move } = moving
  for (const { path } of plan.files) database('CREATE TABLE t (a); INSERT INTO t VALUES (1)', path)
  const { run } = await move(source, plan)
  failAt('PRAGMA journal_mode', 'a.db')
  expect(await tryRun(source, plan)).toMatchObject([
    { file: 'a.db', rows: 0, fault: 'unreadable: value is too large' },
    { file: 'b.db', rows: 1, legacy: 1 },
  ])
  expect(await verifyRun(client, run, source)).toMatchObject({
    verified: false,
    rows: { source: 1, moved: 2 },
    differences: [{ file: 'a.db', what: 'unreadable: value is too large' }],
  })
})
