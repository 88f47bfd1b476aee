import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { it } from '../../../test/moving.ts'
import { openPrivateCopy } from '../analyze/reading/private-copy.ts'
import { rebuildRun } from '../moved/rebuild-run.ts'
import { verifyRun } from '../moved/verify-run.ts'

const good = { name: 'good', target: 'legacy' } as const

it.for([
  ['does not parse', "sql = 'CREATE TABLE bad (a nonsense ((('", 'its entry in the schema is damaged'],
  ['leads nowhere', 'rootpage = 999', expect.stringContaining('malformed')],
] as const)(
  'moves the other tables of a file with a schema of which an entry %s',
  async ([_, damage, fault], { moving }) => {
    const { client, folder, source, planOf, move } = moving
    const database = new DatabaseSync(join(source, 'a.db'), { defensive: false })
    database.exec(`CREATE TABLE good (a); INSERT INTO good VALUES (1), ('x'); CREATE TABLE bad (a); INSERT INTO bad VALUES (2);
    CREATE INDEX i ON bad (a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET ${damage} WHERE name = 'bad'`)
    database.close()
    const suggested = await planOf(source)
    const { run, state, tables } = await move(source, suggested)
    expect({ state, tables }).toMatchObject({
      state: 'failed',
      tables: [
        { table: 'bad', state: 'failed', rows: 0, fault },
        { table: 'good', state: 'done', legacy: 2 },
      ],
    })
    expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, rows: { source: 2, moved: 2 } })
    const [rebuilt] = await rebuildRun(client, run, join(folder, 'rebuilt'))
    expect(rebuilt?.tables).toContainEqual({ name: 'good', rows: 2 })
    expect(rebuilt?.faults).toContainEqual(expect.stringMatching(/^bad: it was not moved as a whole/))
  },
)

it('a table whose entry is damaged may be skipped, and nothing of the copy is written', async ({ moving }) => {
  const { source, move } = moving
  const file = join(source, 'a.db')
  const database = new DatabaseSync(file, { defensive: false })
  database.exec(`CREATE TABLE good (a); INSERT INTO good VALUES (1); CREATE TABLE bad (a);
    PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE bad (' WHERE name = 'bad'`)
  database.close()
  const files = [{ path: 'a.db', tables: [good, { name: 'bad', target: 'skip' as const, because: 'damaged' }] }]
  expect(await move(source, { version: 1, zone: 'UTC', files })).toMatchObject({ state: 'complete' })
  const copy = await openPrivateCopy(file)
  if ('fault' in copy) throw new Error(copy.fault.detail)
  copy.database.exec('PRAGMA query_only = OFF')
  expect(() => copy.database.exec('DELETE FROM sqlite_schema')).toThrow('may not be modified')
  await copy.close()
})
