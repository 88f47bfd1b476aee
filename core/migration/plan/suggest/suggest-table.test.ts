import { describe, expect, it } from 'vitest'
import { suggested } from './planned-folder.ts'

describe('an unknown table', () => {
  it('with sender, recipient, text and time is messages', async () => {
    const plan = await suggested(
      'chat',
      'CREATE TABLE chat (id TEXT PRIMARY KEY, sender TEXT, recipient TEXT, content TEXT, created_at INTEGER, session_id TEXT)',
      "INSERT INTO chat VALUES ('m1', 'a', 'b', 'hello', 1752628164577, 's')",
    )
    expect(plan).toMatchObject({
      target: 'agent_conversations',
      because: expect.stringMatching(/^suggested: sender and recipient name two agents/),
      columns: {
        content: { members: { content: 'content' } },
        timestamp: { from: 'created_at', unit: 'ms' },
        conversation_id: { from: 'session_id' },
      },
    })
  })

  it('with an actor, an action and a time is an audit log', async () => {
    const plan = await suggested(
      'actions',
      'CREATE TABLE actions (id INTEGER PRIMARY KEY, user_id TEXT, action TEXT, created DATETIME, target TEXT)',
      "INSERT INTO actions VALUES (1, 'u', 'delete', '2025-01-01 00:00:00', 'x')",
    )
    expect(plan).toMatchObject({
      target: 'audit_logs',
      columns: { actor: { from: 'user_id' }, target: { from: 'target' } },
    })
  })

  const alerts = 'CREATE TABLE alerts (id INTEGER PRIMARY KEY, type TEXT, level TEXT, message TEXT, ts TEXT)'

  it('with severities that are all known is security events, and none with another', async () => {
    const known = await suggested(
      'alerts',
      alerts,
      "INSERT INTO alerts VALUES (1, 't', 'WARN', 'm', '2025-01-01T00:00:00Z')",
    )
    expect(known).toMatchObject({ target: 'security_events', columns: { severity: { from: 'level' } } })
    const other = await suggested(
      'alerts',
      alerts,
      "INSERT INTO alerts VALUES (1, 't', 'blue', 'm', '2025-01-01T00:00:00Z')",
    )
    expect(other).toMatchObject({ target: 'legacy' })
  })

  it.each([
    ['values that are text', "'a', 'high', '2025-01-01T00:00:00'", 'value does not hold numbers alone'],
    ['a name that is missing', "NULL, 1.5, '2025-01-01T00:00:00'", 'metric_name is NULL in one row'],
    ['a name that is empty', "'', 1.5, '2025-01-01T00:00:00'", 'metric_name is empty in one row'],
    ['a name that is too long', "printf('%.*c', 600, 'x'), 1.5, '2025-01-01T00:00:00'", 'texts of up to 600 bytes'],
    ['no time that can be told', "'a', 1.5, 'yesterday'", 'at holds no moments'],
    ['a time that is empty', "'a', 1.5, ''), (2, 'a', 1.5, '2025-01-01T00:00:00'", 'at is empty in one row'],
  ])('that would be metrics but for %s is kept as it is, and that is said', async (_, values, why) => {
    const create = 'CREATE TABLE measurements (id INTEGER PRIMARY KEY, metric_name TEXT, value REAL, at TEXT)'
    const plan = await suggested('measurements', create, `INSERT INTO measurements VALUES (1, ${values})`)
    expect(plan).toMatchObject({
      target: 'legacy',
      because: expect.stringMatching(/^nothing says.* may be metrics, but/),
    })
    expect(plan?.because).toContain(why)
  })

  it.each([
    [
      'an id for each',
      'CREATE TABLE t (sender, recipient, message, sent_at)',
      "('a', 'b', 'hi', 1752628164.5)",
      'no primary key',
    ],
    [
      'known severities',
      'CREATE TABLE alerts (type, severity, message, ts)',
      "('a', 'P1', 'hi', '2025-01-01')",
      'severity has P1',
    ],
    [
      'an actor',
      'CREATE TABLE t (user_id INTEGER, action, created_at)',
      "(7, 'delete', '2025-01-01')",
      'user_id does not',
    ],
    [
      'whole levels',
      'CREATE TABLE t (agent, skill, score, updated_at)',
      "('a', 'go', 0.7, '2025-01-01')",
      'score does not',
    ],
    [
      'a key of its pairs',
      'CREATE TABLE t (agent, skill, level, updated_at)',
      "('a', 'go', 7, '2025-01-01'), ('a', 'go', 8, '2025-01-02')",
      'no key says',
    ],
  ])('that lacks nothing but %s is kept as it is, and that is said', async (_, create, rows, why) => {
    const [, , name = ''] = create.split(' ')
    const plan = await suggested(name, create, `INSERT INTO ${name} VALUES ${rows}`)
    expect(plan).toMatchObject({ target: 'legacy', because: expect.stringContaining(why) })
  })

  it('with an agent, a skill, a level and a time is capabilities', async () => {
    const plan = await suggested(
      'skills',
      'CREATE TABLE skills (id INTEGER PRIMARY KEY, agentId TEXT, skill TEXT, level INT, updatedAt TEXT, UNIQUE (skill, agentId))',
      "INSERT INTO skills VALUES (1, 'a', 'go', 7, '2025-01-01'), (2, 'b', 'go', 10, '2025-01-01')",
    )
    expect(plan).toMatchObject({
      target: 'agent_capabilities',
      keep: ['id'],
      because: 'suggested: agentId can do skill, level says how well, and updatedAt since when',
      columns: { agent_name: { from: 'agentId' }, proficiency_level: { from: 'level' } },
    })
  })

  it('with values that it says are none is not metrics', async () => {
    const create = 'CREATE TABLE metrics (key TEXT, value REAL NOT NULL, timestamp BIGINT, is_nan BOOLEAN)'
    const first = "INSERT INTO metrics VALUES ('loss', 0.5, 1752628164577, 0)"
    expect(await suggested('metrics', create, first)).toMatchObject({ target: 'agent_metrics' })
    expect(await suggested('metrics', create, `${first}, ('loss', 0.0, 1752628164578, 1)`)).toMatchObject({
      target: 'legacy',
      because: expect.stringContaining('is_nan says that value is not a number in some rows'),
    })
  })

  it('with several figures beside a time is metrics, unless they are places or money', async () => {
    const row = "VALUES (1, '2025-01-01T00:00:00', 1.5, 2.5)"
    const samples = 'CREATE TABLE samples (id INTEGER PRIMARY KEY, ts TEXT, cpu_load REAL, accuracy REAL)'
    expect(await suggested('samples', samples, `INSERT INTO samples ${row}`)).toMatchObject({ target: 'agent_metrics' })
    for (const figures of [
      'latitude REAL, longitude REAL',
      'unitPrice REAL, weight REAL',
      'weight REAL, amount REAL',
    ]) {
      const create = `CREATE TABLE orders (id INTEGER PRIMARY KEY, ts TEXT, ${figures})`
      expect(await suggested('orders', create, `INSERT INTO orders ${row}`)).toMatchObject({
        target: 'legacy',
        because: expect.stringMatching(/may be samples at ts, but \w+ is a place or money/),
      })
    }
  })

  it('is not taken for more than each of its values allows', async () => {
    const long = "printf('%.*c', 600, 'x')"
    const messages = await suggested(
      'chat',
      'CREATE TABLE chat (id INTEGER PRIMARY KEY, sender, recipient, content, ts, type)',
      `INSERT INTO chat VALUES (1, 'a', 'b', NULL, '2025-01-01', ${long})`,
    )
    expect(messages).toMatchObject({ columns: { message_type: { rule: 'constant' } } })
    for (const agent of [long, "x'ff'"]) {
      const metrics = await suggested(
        'measured',
        'CREATE TABLE measured (metric_name, value, ts, agent)',
        `INSERT INTO measured VALUES ('a', 1, '2025-01-01', ${agent})`,
      )
      expect(metrics).toMatchObject({ target: 'agent_metrics', columns: { agent_name: { rule: 'constant' } } })
    }
    const events = await suggested('alerts', alerts, "INSERT INTO alerts VALUES (1, 't', 'low', '', '2025-01-01')")
    expect(events).toMatchObject({ target: 'security_events' })
  })

  it('may have its names in camel case', async () => {
    const plan = await suggested(
      'outbox',
      'CREATE TABLE outbox (messageId TEXT PRIMARY KEY, fromAgent TEXT, toAgent TEXT, body TEXT, createdAt DATETIME)',
      "INSERT INTO outbox VALUES ('m', 'a', 'b', 'hi', '2025-01-01 00:00:00')",
    )
    expect(plan).toMatchObject({ target: 'agent_conversations', columns: { from_agent: { from: 'fromAgent' } } })
  })

  it('of the name of a known one, without its columns, is not taken for it', async () => {
    expect(
      await suggested('audit_events', 'CREATE TABLE audit_events (id INTEGER PRIMARY KEY, note TEXT)'),
    ).toMatchObject({
      target: 'legacy',
      because: expect.stringContaining('nothing says'),
    })
  })
})
