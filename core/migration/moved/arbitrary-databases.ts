import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import * as fc from 'fast-check'
import { quoteName } from '../analyze/reading/read-rows.ts'
import { anyRow, anyValue } from '../convert/arbitrary-rows.ts'
import { tables as sampleTables } from '../convert/sample-tables.ts'
import type { TablePlan } from '../plan/plan.ts'
import { InvalidText, type WholeValue } from '../value.ts'

/** A value, or one too large to be printed: its part, many times over. */
type Cell = WholeValue | { times: number; of: string | Uint8Array }

type Statement = { sql: string; values?: Cell[] }

/** A database as the statements that make it. SQLite refuses some of them; what it takes is the database. */
export type GeneratedDatabase = {
  encoding: string
  pageSize: number
  userVersion: number
  applicationId: number
  /** Not at all, with its schema checkpointed, or with everything in the -wal. */
  wal: 'none' | 'rows' | 'all'
  statements: Statement[]
  /** Plans other than the suggested one, for tables that were made by these statements and stayed as they were made. */
  plans: { sql: string; plan: TablePlan }[]
}

const names = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('t', 'u', 'v', 'a', 'B', 'c', 'id', 'k', 'x_content', 'x_data', 'x_extra') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...['order', 'select', 'table', 'user', 'NULL', 'rowid', '_rowid_', 'oid', 'ROWID', 'OID', 'docid', 'rank'],
      ...[
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
        'length',
        'pragma_table_list',
        'pragma_table_xinfo',
      ],
      ...['pragma_foreign_key_list', 'json_each', 'WITHOUT ROWID', 'x WITHOUT ROWID', 'generated', 'name', 'type'],
      ...[
        'a b',
        'a"b',
        "a'b",
        'a`b',
        '[a]',
        'a.b',
        'a,b',
        'a)b',
        '(',
        '-- x',
        '/* x',
        '*/',
        'é',
        'É',
        '名前',
        '😀',
        '',
      ],
      ...[
        '%',
        '_',
        '\n',
        '?1',
        ':a',
        '$a',
        '\u0001',
        '\ufffd',
        'x'.repeat(63) + '1',
        'x'.repeat(63) + '2',
        'é'.repeat(40),
      ],
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .string({ maxLength: 6, unit: 'grapheme' })
      .filter((text) => !text.includes('\0') && text.isWellFormed()),
  },
)

const types = fc.oneof(
  fc.constantFrom('', 'INTEGER', 'TEXT', 'REAL', 'BLOB', 'NUMERIC'),
  fc.constantFrom(
    ...['INT', 'ANY', 'VARCHAR(10)', 'DECIMAL(5,2)', 'DOUBLE PRECISION', 'UNSIGNED BIG INT', 'LONGVARCHAR', 'BOOLEAN'],
    ...['DATETIME', 'JSON', 'FLOATING POINT', 'STRING', 'CHARINT', 'intege', 'smallint unsigned', '"quoted type"'],
    ...['TIMESTAMP', '"order"', '[a b]', 'NATIVE CHARACTER(70)', 'BIGINT'],
  ),
)
const strictTypes = fc.constantFrom('INT', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY')

const extremes = fc.constantFrom<WholeValue>(
  ...[2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 0n, -1n, 127n, 128n, 32768n, 2n ** 31n, 2n ** 47n],
  ...[-0, 5e-324, 2.2e-308, 1.7976931348623157e308, Infinity, -Infinity, 0.1, 1e21, 9007199254740992, 1.5, 2, 1e300],
  ...[
    '',
    '\0',
    'a\0b',
    '\0\0',
    '\ufeff',
    '\ufeffa',
    'a\ufffd',
    '\ufffe',
    '\uffff',
    '😀',
    '\ud800',
    'a\udc00b',
    '\ud800\ud800',
  ],
  ...['12', ' 12 ', '1e5', '0x10', '9e999', '12345678901234567890', '0.1', '-0', '1 2', 'NaN', '+1'],
  new Uint8Array(),
  new Uint8Array([0]),
  new InvalidText(new Uint8Array([0xff, 0, 0xfe])),
  new InvalidText(new Uint8Array([0xed, 0xa0, 0x80])),
  new InvalidText(new Uint8Array([0xc0, 0x80, 0xf4, 0x90, 0x80, 0x80])),
  new InvalidText(new Uint8Array([0xfe, 0xff, 0x00, 0x41])),
  new InvalidText(new Uint8Array([0xff, 0xfe, 0x41, 0x00])),
  new InvalidText(new Uint8Array([0x00, 0xd8, 0x41, 0x00])),
  null,
)
const large: fc.Arbitrary<Cell> = fc.record({
  times: fc.constantFrom(1000, 70_000, 400_000, 1_048_575, 1_048_576, 1_048_577),
  of: fc.constantFrom<string | Uint8Array>('x', 'é', '😀', new Uint8Array([7]), new Uint8Array([0, 255])),
})
const cells: fc.Arbitrary<Cell> = fc.oneof(
  { weight: 200, arbitrary: extremes },
  { weight: 200, arbitrary: anyValue },
  { weight: 1, arbitrary: large },
)
const rowids = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -3n, max: 30n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n),
)

const constraints = fc.constantFrom(
  ...[
    '',
    '',
    '',
    '',
    '',
    '',
    'NOT NULL',
    'NOT NULL ON CONFLICT REPLACE DEFAULT 7',
    'UNIQUE',
    'UNIQUE ON CONFLICT REPLACE',
  ],
  ...['COLLATE NOCASE', 'COLLATE RTRIM', 'COLLATE nowhere', "DEFAULT 'x'", "DEFAULT (datetime('now','localtime'))"],
  ...['DEFAULT "null"', 'CHECK (1 = 0)', 'CHECK (typeof("a") <> \'text\')', 'CHECK ("a" <> "no such column")'],
  ...['REFERENCES nowhere (a)', 'REFERENCES t ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED'],
)
const generated = fc.record({
  name: names,
  type: types,
  expression: fc.constantFrom('typeof(#)', "# || 'y'", 'coalesce(#, "quoted")', '1.5', 'hex(#)', '#', 'length(#) > 3'),
  stored: fc.constantFrom('', 'VIRTUAL', 'STORED'),
  constraint: fc.constantFrom('', '', 'UNIQUE', 'NOT NULL'),
  first: fc.boolean(),
})

const keys = fc.constantFrom(
  ...['none', 'none', 'integer', 'integer', 'autoincrement', 'integer desc', 'integer, at the end', 'column'],
  ...['composite', 'collated', 'descending', 'reversed'],
)
const collations = fc.constantFrom('', ' COLLATE NOCASE', ' COLLATE RTRIM', ' COLLATE BINARY')

/** What comes on top of a table; `#` is the table, `%` its first column, `@` a name. */
const extras = fc.constantFrom(
  ...['CREATE INDEX @ ON # (%)', 'CREATE INDEX @ ON # (% COLLATE NOCASE DESC) WHERE % IS NOT NULL'],
  ...['CREATE INDEX @ ON # (typeof(%), %)', 'CREATE INDEX @ ON # (%) WHERE % = "no such column"'],
  ...[
    'CREATE TRIGGER @ AFTER INSERT ON # BEGIN DELETE FROM #; END',
    'CREATE TRIGGER # BEFORE DELETE ON # BEGIN SELECT 1; END',
  ],
  ...['CREATE TRIGGER @ BEFORE INSERT ON # BEGIN SELECT RAISE(ABORT, "no"); END'],
  ...[
    'CREATE VIEW @ AS SELECT * FROM #',
    'CREATE VIEW @ AS SELECT x FROM nowhere',
    'CREATE VIEW @ (a, b) AS SELECT 1, abs(-9223372036854775808)',
  ],
  ...[
    'ALTER TABLE # ADD COLUMN added',
    "ALTER TABLE # ADD COLUMN @ TEXT NOT NULL DEFAULT 'it''s'",
    'ALTER TABLE # ADD COLUMN @ DEFAULT -0.0',
  ],
  ...[
    'ALTER TABLE # ADD COLUMN @ AS (typeof(%))',
    "ALTER TABLE # ADD COLUMN @ AS (json_extract(%, '$.x'))",
    'ALTER TABLE # RENAME TO @',
    'ALTER TABLE # RENAME COLUMN % TO @',
    'ALTER TABLE # DROP COLUMN %',
  ],
  ...[
    'DELETE FROM #',
    "DELETE FROM # WHERE typeof(%) = 'text'",
    'DROP TABLE #',
    'ANALYZE',
    'VACUUM',
    'DELETE FROM sqlite_sequence',
  ],
  ...["INSERT INTO sqlite_sequence VALUES (NULL, 'x'), ('nowhere', 9223372036854775807)"],
  ...[
    'CREATE TABLE @ AS SELECT * FROM #',
    'CREATE TABLE x_extra (a, b)',
    'CREATE TABLE @_x (a PRIMARY KEY) /* a)b */ WITHOUT /* ) */ ROWID',
  ],
)

type Part = { statements: Statement[]; plans: GeneratedDatabase['plans'] }

const ordinaryTable: fc.Arbitrary<Part> = fc
  .record({
    name: names,
    strict: fc.constantFrom(false, false, false, true),
    withoutRowid: fc.constantFrom(false, false, true),
    key: keys,
    collation: collations,
    size: fc.integer({ min: 1, max: 7 }),
    generated: fc.option(generated, { freq: 4 }),
    temporary: fc.constantFrom('', '', '', '', ' '),
  })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      columns: fc.array(fc.record({ name: names, type: shape.strict ? strictTypes : types, constraint: constraints }), {
        minLength: shape.size,
        maxLength: shape.size,
      }),
      rows: fc.array(
        fc.record({ rowid: rowids, values: fc.array(cells, { minLength: shape.size, maxLength: shape.size }) }),
        {
          maxLength: 12,
        },
      ),
      extras: fc.array(fc.record({ sql: extras, name: names, between: fc.boolean() }), { maxLength: 3 }),
    }),
  )
  .map(({ shape, columns, rows, extras }) => {
    const { key, collation } = shape
    const keyAt = key === 'integer, at the end' ? columns.length - 1 : 0
    const integerKey = key.startsWith('integer') || key === 'autoincrement'
    const suffix: Record<string, string> = { autoincrement: ' AUTOINCREMENT', 'integer desc': ' DESC' }
    const definitions = columns.map(({ name, type, constraint }, at) => {
      if (at !== keyAt) return `${quoteName(name)} ${type} ${constraint}`
      if (integerKey) return `${quoteName(name)} INTEGER PRIMARY KEY${suffix[key] ?? ''}`
      return `${quoteName(name)} ${type}${key === 'column' ? ' PRIMARY KEY' : ''} ${constraint}`
    })
    const quoted = columns.map(({ name }) => quoteName(name))
    const [first = '', second = first] = quoted
    const last = quoted.at(-1) ?? ''
    const tableKeys: Record<string, string> = {
      composite: `PRIMARY KEY (${[...new Set([first, second])].join(', ')})`,
      collated: `PRIMARY KEY (${first}${collation})`,
      descending: `PRIMARY KEY (${[...new Set([first, last])].map((one, i) => `${one} ${i === 0 ? 'DESC' : ''}`).join(', ')})`,
      reversed: `PRIMARY KEY (${[...new Set([last, first])].map((one) => one + collation).join(', ')})`,
    }
    const extra = shape.generated
    const made = extra
      ? [
          `${quoteName(extra.name)} ${shape.strict ? 'ANY' : extra.type} GENERATED ALWAYS AS (${extra.expression.replace('#', () => first)}) ${extra.stored} ${extra.constraint}`,
        ]
      : []
    const parts = [
      ...(extra?.first ? [...made, ...definitions] : [...definitions, ...made]),
      ...(tableKeys[key] ? [tableKeys[key]] : []),
    ]
    const options = [...(shape.withoutRowid ? ['WITHOUT ROWID'] : []), ...(shape.strict ? ['STRICT'] : [])]
    const table = quoteName(shape.name)
    const taken = new Set([...columns, ...(extra ? [extra] : [])].map(({ name }) => name.toLowerCase()))
    const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name))
    const withRowid = rowid !== undefined && !integerKey && !shape.withoutRowid
    const inserted = rows.map(({ rowid: given, values }): Statement => {
      const all = values.map((value, at) => (integerKey && at === keyAt ? given : value))
      const named = withRowid && given !== null ? [rowid, ...quoted] : quoted
      return insert(table, named, withRowid && given !== null ? [given, ...all] : all)
    })
    const added = extras.map(({ sql, name, between }) => ({
      sql: sql.replaceAll(/[#%@]/g, (mark) => (mark === '#' ? table : mark === '%' ? first : quoteName(name))),
      between: between && !/TRIGGER|RENAME|DROP/.test(sql),
    }))
    const half = Math.floor(inserted.length / 2)
    return {
      statements: [
        { sql: `CREATE TABLE ${table} (${parts.join(', ')}) ${options.join(', ')}` },
        ...inserted.slice(0, half),
        ...added.filter(({ between }) => between).map(({ sql }) => ({ sql })),
        ...inserted.slice(half),
        ...added.filter(({ between }) => !between).map(({ sql }) => ({ sql })),
      ],
      plans: [],
    }
  })

const virtualTable: fc.Arbitrary<Part> = fc
  .record({
    name: fc.oneof(fc.constant('x'), names),
    module: fc.constantFrom(
      ...[
        'fts5(a, b)',
        'fts5(a, b UNINDEXED, prefix=2, tokenize="porter ascii")',
        'fts5(a, b, columnsize=0, detail=none)',
      ],
      ...[
        "fts5(a, b, content='')",
        "fts5(a, b, cont='')",
        "fts5(a, b UNINDEXED, content='', contentless_unindexed=1)",
        'fts5(a, b, tokenize="unicode61 separators \',content=base,\'")',
        'fts5(a, b, loc=1)',
        'fts5(a, b, locale=1)',
        'fts4(a, b, languageid="a b")',
        'fts5(a, b, content=base, content_rowid=k)',
        'fts4(a, b)',
        'fts3(a TEXT, b)',
        'rtree(a, b, c)',
      ],
      ...['rtree(a, b, c, +d, +e TEXT)', 'rtree_i32(a, b, c)', 'fts5vocab(x, row)', 'fts5vocab(x, instance)'],
    ),
    rows: fc.array(fc.record({ rowid: rowids, values: fc.array(cells, { minLength: 2, maxLength: 2 }) }), {
      maxLength: 6,
    }),
    sibling: fc.boolean(),
  })
  .map(({ name, module, rows, sibling }) => {
    const table = quoteName(name)
    const isTree = module.startsWith('rtree')
    const base = module.includes('content=base')
    const words = (value: Cell | undefined): Cell =>
      typeof value === 'string' ? `${value} some words` : (value ?? null)
    return {
      statements: [
        ...(base ? [{ sql: 'CREATE TABLE base (k INTEGER PRIMARY KEY, a, b)' }] : []),
        { sql: `CREATE VIRTUAL TABLE ${table} USING ${module}` },
        ...rows.flatMap(({ rowid, values: [one, other] }) => {
          if (isTree) return [insert(table, ['a', 'b', 'c'], [rowid, one ?? null, other ?? null])]
          const named = rowid === null ? ['a', 'b'] : ['rowid', 'a', 'b']
          const given = [...(rowid === null ? [] : [rowid]), words(one), words(other)]
          return [
            ...(base ? [insert('base', rowid === null ? ['a', 'b'] : ['k', 'a', 'b'], given)] : []),
            insert(table, named, given),
          ]
        }),
        ...(sibling
          ? [{ sql: `CREATE TABLE ${quoteName(`${name}_own`)} (a)` }, insert(quoteName(`${name}_own`), ['a'], ['mine'])]
          : []),
      ],
      plans: [],
    }
  })

/** A table that a plan maps to the hive's own tables. */
const mappedTable: fc.Arbitrary<Part> = fc
  .constantFrom(...Object.values(sampleTables))
  .chain(({ plan, columns }) =>
    fc.record({
      plan: fc.constant(plan),
      columns: fc.constant(columns),
      rows: fc.array(anyRow(columns), { maxLength: 20 }),
      name: names,
    }),
  )
  .map(({ plan, columns, rows, name }) => {
    const defined = columns.map((column) => `${quoteName(column.name)} ${column.declaredType}`)
    const sql = `CREATE TABLE ${quoteName(name)} (${defined.join(', ')})`
    const named = columns.map((column) => quoteName(column.name))
    return {
      statements: [{ sql }, ...rows.map((values) => insert(quoteName(name), named, values))],
      plans: [{ sql, plan: { ...plan, name } }],
    }
  })

export const anyDatabase: fc.Arbitrary<GeneratedDatabase> = fc
  .record({
    encoding: fc.constantFrom('UTF-8', 'UTF-8', 'UTF-16le', 'UTF-16be'),
    pageSize: fc.constantFrom(4096, 512, 1024, 8192, 65536),
    userVersion: fc.oneof(fc.constant(0), fc.integer()),
    applicationId: fc.oneof(fc.constant(0), fc.integer()),
    wal: fc.constantFrom('none' as const, 'none' as const, 'rows' as const, 'all' as const),
    parts: fc.array(
      fc.oneof(
        { weight: 5, arbitrary: ordinaryTable },
        { weight: 1, arbitrary: virtualTable },
        { weight: 2, arbitrary: mappedTable },
      ),
      { maxLength: 4 },
    ),
  })
  .map(({ parts, ...shape }) => ({
    ...shape,
    statements: parts.flatMap(({ statements }) => statements),
    plans: parts.flatMap(({ plans }) => plans),
  }))

function insert(table: string, columns: string[], values: Cell[]): Statement {
  return { sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`, values }
}

/** Makes the file. Gives how many statements SQLite refused. */
export function makeDatabase(file: string, generatedDatabase: GeneratedDatabase): { refused: string[] } {
  const { encoding, pageSize, userVersion, applicationId, wal, statements } = generatedDatabase
  const building = `${file}-building`
  const database = new DatabaseSync(building, {
    enableForeignKeyConstraints: false,
    enableDoubleQuotedStringLiterals: true,
  })
  const refused: string[] = []
  try {
    database.exec(`PRAGMA encoding = '${encoding}'; PRAGMA page_size = ${pageSize}; PRAGMA synchronous = OFF;
      PRAGMA journal_mode = ${wal === 'none' ? 'MEMORY' : 'WAL'}; PRAGMA wal_autocheckpoint = 0;
      PRAGMA ignore_check_constraints = ON; PRAGMA user_version = ${userVersion}; PRAGMA application_id = ${applicationId}`)
    for (const [at, { sql, values = [] }] of statements.entries()) {
      if (wal === 'rows' && at === Math.floor(statements.length / 2)) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      try {
        run(database, encoding, sql, values)
      } catch (error) {
        refused.push(`${sql}: ${error instanceof Error ? error.message : error}`)
      }
    }
    // while it is open: closing would write the -wal back
    copyFileSync(building, file)
    if (existsSync(`${building}-wal`)) copyFileSync(`${building}-wal`, `${file}-wal`)
  } finally {
    database.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(building + suffix, { force: true })
  }
  return { refused }
}

function run(database: DatabaseSync, encoding: string, sql: string, cells: Cell[]): void {
  const values = cells.map((cell) => bytesAsText(wholeOf(cell), encoding))
  let at = 0
  const text = sql.replace(/VALUES \(.*\)$/s, (marks) =>
    values.length === 0 ? marks : marks.replaceAll('?', () => (values[at++]?.isText ? 'CAST(? AS TEXT)' : '?')),
  )
  if (values.length === 0) database.exec(text)
  else database.prepare(text).run(...values.map(({ value }) => value))
}

function wholeOf(cell: Cell): WholeValue {
  if (typeof cell !== 'object' || cell === null || !('times' in cell)) return cell
  if (typeof cell.of === 'string') return cell.of.repeat(cell.times)
  return new Uint8Array(cell.of.length * cell.times).map((_, at) => (cell.of as Uint8Array)[at % cell.of.length] ?? 0)
}

/** What JavaScript's text cannot be bound as goes as bytes of the database's encoding. */
function bytesAsText(
  value: WholeValue,
  encoding: string,
): { value: null | bigint | number | string | Uint8Array; isText: boolean } {
  if (value instanceof InvalidText) return { value: value.bytes, isText: true }
  if (typeof value !== 'string' || value.isWellFormed() || encoding === 'UTF-8') return { value, isText: false }
  const bytes = Buffer.from(value, 'utf16le')
  return { value: encoding === 'UTF-16be' ? bytes.swap16() : bytes, isText: true }
}
