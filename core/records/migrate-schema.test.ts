import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { borrow } from '../../test/borrow.ts'
import { migrateSchema, readSchemaFiles, type SchemaFile } from './migrate-schema.ts'

const one: SchemaFile = { name: '0001_one.sql', text: 'CREATE TABLE one (n INT);\nINSERT INTO one VALUES (1);\n' }
const two: SchemaFile = { name: '0002_two.sql', text: 'ALTER TABLE one ADD COLUMN m INT' }

let url: string
let client: pg.Client

async function connect(connectionString: string): Promise<pg.Client> {
  const opened = new pg.Client({ connectionString })
  await opened.connect()
  return opened
}

beforeEach(async () => {
  const { databaseUrl } = JSON.parse(await borrow('database'))
  const name = `empty_${randomBytes(6).toString('hex')}`
  const server = await connect(databaseUrl)
  await server.query(`CREATE DATABASE ${name} TEMPLATE template0`)
  await server.end()
  url = Object.assign(new URL(databaseUrl), { pathname: `/${name}` }).href
  client = await connect(url)
  onTestFinished(() => client.end())
})

const rowsOf = async (text: string) => (await client.query(text)).rows

describe('migrateSchema', () => {
  it('makes the schema that this code needs, once', async () => {
    const names = (await readSchemaFiles()).map(({ name }) => name)
    expect(names.every((name) => /^\d{4}_[a-z_]+\.sql$/.test(name))).toBe(true)
    expect(await migrateSchema(url)).toEqual(names)
    expect(await migrateSchema({ databaseUrl: 'postgresql://a:b@127.0.0.1:1/c', databaseDirectUrl: url })).toEqual([])
    expect(await rowsOf('SELECT name FROM schema_migrations ORDER BY name')).toEqual(names.map((name) => ({ name })))
  })

  it('applies only what is new, in order', async () => {
    expect(await migrateSchema(client, [one])).toEqual(['0001_one.sql'])
    expect(await migrateSchema(client, [one, two])).toEqual(['0002_two.sql'])
    expect(await rowsOf('SELECT n, m FROM one')).toEqual([{ n: 1, m: null }])
  })

  it('applies all of it or nothing', async () => {
    const broken = { name: '0003_broken.sql', text: 'CREATE TABLE three (n INT); SELECT * FROM nowhere' }
    await expect(migrateSchema(url, [one, two, broken])).rejects.toThrow('relation "nowhere" does not exist')
    expect(await rowsOf(`SELECT to_regclass('one') AS one, to_regclass('schema_migrations') AS applied`)).toEqual([
      { one: null, applied: null },
    ])
    expect(await migrateSchema(url, [one, two])).toHaveLength(2)
  })

  it('applies once when several run at once', async () => {
    const runs = await Promise.all(Array.from({ length: 4 }, () => migrateSchema(url, [one, two])))
    expect(runs.flat().sort()).toEqual(['0001_one.sql', '0002_two.sql'])
    expect(await rowsOf('SELECT count(*)::int AS n FROM one')).toEqual([{ n: 1 }])
  })

  it('refuses history that was edited, but not one that was checked out with other line ends', async () => {
    await migrateSchema(url, [one, two])
    const edited = { ...one, text: one.text.replace('VALUES (1)', 'VALUES (2)') }
    await expect(migrateSchema(url, [edited, two])).rejects.toThrow(
      '0001_one.sql was changed after it had been applied',
    )
    const checkedOut = { ...one, text: one.text.replaceAll('\n', '\r\n') }
    expect(await migrateSchema(url, [checkedOut, two])).toEqual([])
  })

  it('refuses a new file before an applied one, and a database newer than this code', async () => {
    await migrateSchema(url, [one, { ...two, name: '0003_two.sql' }])
    const late = { name: '0002_late.sql', text: 'SELECT 1' }
    const files = [one, late, { ...two, name: '0003_two.sql' }]
    await expect(migrateSchema(url, files)).rejects.toThrow('0002_late.sql comes before 0003_two.sql')
    await expect(migrateSchema(url, [one])).rejects.toThrow('the database has 0003_two.sql, which is not known here')
  })
})
