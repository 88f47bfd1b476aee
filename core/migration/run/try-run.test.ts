import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { tryRun } from './try-run.ts'

it('says of each table what would be wrong, and goes on behind a file that cannot be read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hive-tried-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'a.db'), '')
  symlinkSync(join(folder, 'nowhere'), join(folder, 'b.db'))
  symlinkSync(join(folder, 'nowhere'), join(folder, 'c.db'))
  const made = new DatabaseSync(join(folder, 'd.db'))
  made.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  made.close()
  const t = { name: 't', target: 'legacy' as const }
  const files = [
    { path: 'a.db', tables: [t] },
    { path: 'b.db', tables: [t] },
    { path: 'c.db', tables: [] },
    { path: 'd.db', tables: [t, { ...t, name: 'gone' }] },
  ]
  const tried = await tryRun(folder, { version: 1, zone: 'UTC', files })
  expect(tried.map(({ file, rows, fault }) => [file, rows, fault])).toEqual([
    ['a.db', 0, 'empty: it has 0 bytes'],
    ['b.db', 0, expect.stringContaining('no such file')],
    ['d.db', 1, undefined],
    ['d.db', 0, 'the table is not there'],
  ])
})
