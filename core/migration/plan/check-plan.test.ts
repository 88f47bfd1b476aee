import { describe, expect, it } from 'vitest'
import { HiveError } from '../../errors.ts'
import { checkedPlan, checkPlan, type FoundFile } from './check-plan.ts'

const table = (name: string, columns: string[], kind: FoundFile['tables'][number]['kind'] = 'table') => ({
  name,
  kind,
  columns: columns.map((column) => ({ name: column })),
})

const found: FoundFile[] = [
  {
    path: 'a.db',
    readable: true,
    tables: [table('metrics', ['id', 'name', 'value', 'at']), table('shown', ['x'], 'view'), table('notes', ['text'])],
  },
  { path: 'broken.db', readable: false, tables: [] },
]

const metrics = {
  name: 'metrics',
  target: 'agent_metrics',
  columns: {
    agent_name: { rule: 'constant', value: 'a' },
    metric_type: { rule: 'copy', from: 'name' },
    value: { rule: 'copy', from: 'value' },
    timestamp: { rule: 'timestamp', from: 'at', unit: 's' },
    metadata: { rule: 'rest' },
  },
}
const good = {
  version: 1,
  zone: 'Europe/Berlin',
  files: [
    {
      path: 'a.db',
      tables: [metrics, { name: 'shown', target: 'skip', because: 'a view' }, { name: 'notes', target: 'legacy' }],
    },
    { path: 'broken.db', unreadable: 'encrypted', tables: [] },
  ],
}

/** The problems of a plan in which the table `metrics` is this. */
function problemsOf(metricsTable: unknown, columns?: string[]) {
  const document = structuredClone(good) as unknown as { files: { tables: unknown[] }[] }
  ;(document.files[0] as { tables: unknown[] }).tables[0] = metricsTable
  const files = columns
    ? [{ ...found[0], tables: [table('metrics', columns), ...(found[0]?.tables.slice(1) ?? [])] }, found[1]]
    : found
  return checkPlan(document, files as FoundFile[]).problems
}

const at = 'files[0].tables[0]'

describe('a plan', () => {
  it('is taken as it is when it fits its files', () => {
    expect(checkedPlan(good, found)).toEqual(good)
  })

  it('takes columns in another case, as SQLite does', () => {
    expect(problemsOf({ ...metrics, columns: { ...metrics.columns, value: { rule: 'copy', from: 'VALUE' } } })).toEqual(
      [],
    )
  })

  it.each([
    [undefined, /moves a view/],
    ['index', /moves an index of another table, which is made again/],
    ['in parts', /moves a virtual table whose rows are moved with the tables that it keeps them in/],
    ['derived', /moves a virtual table that shows what is in others/],
  ] as const)('is told why it need not move what has no rows of its own: %s', (elsewhere, message) => {
    const tables = [{ ...table('shown', [], 'view'), ...(elsewhere && { elsewhere }) }]
    const files = [{ path: 'a.db', tables: [{ name: 'shown', target: 'legacy' }] }]
    const { problems } = checkPlan({ version: 1, zone: 'UTC', files }, [{ path: 'a.db', readable: true, tables }])
    expect(problems).toEqual([{ path: 'files[0].tables[0].target', message: expect.stringMatching(message) }])
  })

  it('is refused with every problem at once, each by its path', () => {
    const broken = {
      version: 2,
      zone: 'Mars/Olympus',
      folder: '/tmp',
      files: [
        {
          path: 'a.db',
          tables: [
            {
              name: 'metrics',
              target: 'agent_metrics',
              columns: {
                agent_name: { rule: 'copy', from: 'agent' },
                metric_type: { rule: 'upper', from: 'name' },
                value: { rule: 'copy', from: 'value', otherwise: 'none' },
                timestamp: { rule: 'timestamp', from: 'at', unit: 'minutes', zone: '+99:00' },
                severity: { rule: 'constant', value: 'low' },
              },
            },
            { name: 'shown', target: 'legacy' },
            { name: 'notes', target: 'skip', because: '' },
            { name: 'nowhere', target: 'legacy' },
            { name: 'shown', target: 'agent_things' },
          ],
        },
        { path: 'a.db', tables: [] },
        { path: 'c.db', tables: [] },
      ],
    }
    const { problems } = checkPlan(broken, found)
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'files',
      'files[0].tables[0].columns.agent_name.from',
      'files[0].tables[0].columns.metric_type.rule',
      'files[0].tables[0].columns.severity',
      'files[0].tables[0].columns.timestamp.unit',
      'files[0].tables[0].columns.timestamp.zone',
      'files[0].tables[0].columns.value.otherwise',
      'files[0].tables[1].target',
      'files[0].tables[2].because',
      'files[0].tables[2].target',
      'files[0].tables[3].name',
      'files[0].tables[4].name',
      'files[0].tables[4].target',
      'files[1].path',
      'files[1].tables',
      'files[1].tables',
      'files[2].path',
      'folder',
      'version',
      'zone',
    ])
    expect(problems.find(({ path }) => path === 'files')?.message).toBe('leave out "broken.db"')
    const refused = () => checkedPlan(broken, found)
    expect(refused).toThrow(HiveError)
    expect(refused).toThrow('the plan has 20 problems; nothing was written')
  })

  it('tells what is wrong with the columns of a table whatever else is wrong with it', () => {
    const problems = problemsOf({
      ...metrics,
      because: 7,
      keep: ['ID', 'nowhere'],
      columns: {
        agent_name: { rule: 'constant', value: '' },
        value: { rule: 'copied', from: 'valeu' },
        timestamp: { rule: 'timestamp', from: 'when', unit: 's' },
        metadata: { rule: 'rest', json: ['name', 'ats'] },
      },
    })
    expect(problems.map(({ path }) => path.slice(at.length))).toEqual([
      '.because',
      '.columns.value.rule',
      '.columns.metric_type',
      '.columns.value.from',
      '.columns.timestamp.from',
      '.columns.metadata.json[1]',
      '.keep[1]',
      '.columns.agent_name.value',
    ])
    const target = { ...metrics, target: 'agent_metric', columns: { value: { rule: 'copy', from: 'valeu' } } }
    expect(problemsOf(target).map(({ path }) => path.slice(at.length))).toEqual(['.target', '.columns.value.from'])
  })

  it('tells what is wrong with the tables of a file whatever else is wrong with it', () => {
    const tables = [{ name: 'gone', target: 'legacy' }, ...(good.files[0]?.tables ?? [])]
    const { problems } = checkPlan({ ...good, files: [{ path: 'a.db', note: 'mine', tables }, good.files[1]] }, found)
    expect(problems.map(({ path }) => path)).toEqual(['files[0].note', 'files[0].tables[0].name'])
  })

  it.each([[null], [[]], ['plan'], [{}], [{ files: 3 }], [{ ...good, files: [3, { path: 'a.db', tables: 'all' }] }]])(
    'that is %j is refused, and nothing else happens',
    (document) => {
      expect(checkPlan(document, found).problems.length).toBeGreaterThan(0)
    },
  )
})

describe('the columns of a table', () => {
  const { columns } = metrics

  it.each<[string, unknown, string, string]>([
    [
      'that are not there',
      { ...metrics, columns: { ...columns, value: { rule: 'copy', from: 'valeu' } } },
      '.columns.value.from',
      'the source lacks',
    ],
    [
      'of the rest that are not there',
      { ...metrics, columns: { ...columns, metadata: { rule: 'rest', json: ['more'] } } },
      '.columns.metadata.json[0]',
      'the source lacks',
    ],
    [
      'of the rest that have a place',
      { ...metrics, columns: { ...columns, metadata: { rule: 'rest', boolean: ['value'] } } },
      '.columns.metadata.boolean[0]',
      'already has a place',
    ],
    [
      'that are JSON and boolean',
      { ...metrics, columns: { ...columns, metadata: { rule: 'rest', json: ['id'], boolean: ['ID'] } } },
      '.columns.metadata.boolean[0]',
      'a second time',
    ],
    ['kept although they have a place', { ...metrics, keep: ['value'] }, '.keep[0]', 'already has a place'],
    [
      'without a place',
      { ...metrics, columns: { ...columns, metadata: undefined } },
      '',
      'leaves the column "id" without a place',
    ],
    ['given by a pivot too', { ...metrics, pivot: { id: 'id' } }, '.columns.metric_type', 'comes from pivot'],
    [
      'missing without a pivot',
      { ...metrics, columns: { ...columns, value: undefined } },
      '.columns.value',
      'is required',
    ],
  ])('%s', (_, metricsTable, path, message) => {
    const problems = problemsOf(JSON.parse(JSON.stringify(metricsTable)))
    expect(problems).toContainEqual({ path: `${at}${path}`, message: expect.stringContaining(message) })
  })

  it('are kept where the plan says so', () => {
    const withoutRest = { ...metrics, keep: ['id'], columns: { ...columns, metadata: undefined } }
    expect(problemsOf(JSON.parse(JSON.stringify(withoutRest)))).toEqual([])
  })

  it('may be called like the mark of unparsed JSON only when they are kept', () => {
    const names = ['id', 'name', 'value', 'at', '$unparsed']
    expect(problemsOf(metrics, names)).toEqual([{ path: at, message: expect.stringContaining('"$unparsed"') }])
    expect(problemsOf({ ...metrics, keep: ['$unparsed'] }, names)).toEqual([])
  })

  it('may be equal in their first 63 bytes: no name is cut', () => {
    const long = 'column_'.repeat(9)
    expect(problemsOf(metrics, ['id', 'name', 'value', 'at', `${long}a`, `${long}b`])).toEqual([])
  })
})

describe('what a plan gives', () => {
  const withColumn = (column: string, rule: object) => ({ ...metrics, columns: { ...metrics.columns, [column]: rule } })

  it.each<[string, unknown, string, string]>([
    [
      'too long a constant',
      withColumn('agent_name', { rule: 'constant', value: 'x'.repeat(513) }),
      '.columns.agent_name.value',
      '513 characters',
    ],
    [
      'an empty constant',
      withColumn('agent_name', { rule: 'constant', value: '' }),
      '.columns.agent_name.value',
      'must not be empty',
    ],
    [
      'a moment before the year 1',
      withColumn('timestamp', { ...metrics.columns.timestamp, otherwise: '0001-01-01T00:00:00+14:00' }),
      '.columns.timestamp.otherwise',
      'years 0001 to 9999',
    ],
    ['U+0000', withColumn('agent_name', { rule: 'constant', value: 'a\0' }), '.columns.agent_name.value', 'U+0000'],
    [
      'an empty stand-in',
      withColumn('agent_name', { rule: 'copy', from: 'name', otherwise: '' }),
      '.columns.agent_name.otherwise',
      'must not be empty',
    ],
    [
      'too long a prefix',
      withColumn('metric_type', { rule: 'copy', from: 'name', prefix: 'x'.repeat(512) }),
      '.columns.metric_type.prefix',
      'characters',
    ],
  ])('cannot be %s', (_, metricsTable, path, message) => {
    expect(problemsOf(metricsTable)).toEqual([{ path: `${at}${path}`, message: expect.stringContaining(message) }])
  })

  it('cannot be one metric_type twice, or one that is too long', () => {
    const { agent_name, timestamp, metadata } = metrics.columns
    const wide = {
      ...metrics,
      columns: { agent_name, timestamp, metadata },
      pivot: { value: 'x', name: 'x', id: 'y'.repeat(513) },
    }
    expect(problemsOf(wide).map(({ path }) => path)).toEqual([`${at}.pivot.name`, `${at}.pivot.id`])
  })

  it('cannot be a level beyond 1 to 10, nor one capability for every row', () => {
    const capabilities = {
      name: 'metrics',
      target: 'agent_capabilities',
      keep: ['id', 'value', 'name'],
      columns: {
        agent_name: { rule: 'constant', value: 'a' },
        capability: { rule: 'constant', value: 'c' },
        proficiency_level: { rule: 'constant', value: 11 },
        last_updated: { rule: 'timestamp', from: 'at', unit: 's' },
      },
    }
    expect(problemsOf(capabilities).map(({ path }) => path)).toEqual([
      `${at}.columns.proficiency_level.value`,
      `${at}.columns.capability`,
    ])
  })
})
