import { describe, expect, it } from 'vitest'
import { suggested, suggestedFor } from './planned-folder.ts'

const [early, late] = ["'2025-06-01T10:00:00'", "'2030-01-01T00:00:00'"]

describe('the moment of a metric', () => {
  it.each([
    ['execution_time INTEGER, recorded_at TEXT', `250000000, ${early}`, 'recorded_at'],
    ['response_time INTEGER, logged_on TEXT', `123456789, ${early}`, 'logged_on'],
    ['uptime INTEGER, sampled TEXT', `987654321, ${early}`, 'sampled'],
    ['gc_time INTEGER, sampled_at TEXT', `123456789, ${early}`, 'sampled_at'],
    ['total_time REAL, at TEXT', `123456789.5, ${early}`, 'at'],
    ['time INTEGER, created_at TEXT', `123456789, ${early}`, 'created_at'],
    ['time INTEGER, created_at TEXT', `1500000000, ${early}`, 'created_at'],
    ['time INTEGER', '1760000000', 'time'],
    ['event_time INTEGER, created_at TEXT', `1760000000, ${early}`, 'event_time'],
    ['datetime INTEGER', '900000000', 'datetime'],
    ['expires_at TEXT, measured_at TEXT', `${late}, ${early}`, 'measured_at'],
    ['created_at TEXT, recorded_at TEXT', `${late}, ${early}`, 'recorded_at'],
    ['created_at TEXT, timestamp TEXT', `${late}, ${early}`, 'timestamp'],
    ['updated_at TEXT, created_at TEXT', `${late}, ${early}`, 'created_at'],
    ['created_at TEXT, date TEXT', `${late}, ${early}`, 'date'],
    ['received_at TEXT, observed_at TEXT', `${late}, ${early}`, 'observed_at'],
    ['ingested_at TEXT, collected_at TEXT', `${late}, ${early}`, 'collected_at'],
    ['ts INTEGER, timestamp TEXT', `1760000000, ${early}`, 'timestamp'],
    ['period_end TEXT, polled_at TEXT', `${late}, ${early}`, 'polled_at'],
    ['started_at TEXT', early, 'started_at'],
    ['computed_at TEXT', early, 'computed_at'],
    ['recordedAt TEXT, validUntil TEXT', `${early}, ${late}`, 'recordedAt'],
  ])('among %s of %s is %s', async (columns, row, from) => {
    const plan = await suggestedFor('measured', `metric_name TEXT, value REAL, ${columns}`, `'m', 0.5, ${row}`)
    expect(plan).toMatchObject({ target: 'agent_metrics', columns: { timestamp: { from } } })
  })

  it('is not guessed where two columns say it alike: that they begin and end together does not make them one', async () => {
    const columns = 'metric_name TEXT, value REAL, measured_at TEXT, sampled_at INTEGER'
    const plan = await suggestedFor('measured', columns, "'m', 1, '2025-10-09T08:53:20Z', 1760000000")
    expect(plan).toMatchObject({ target: 'legacy', because: expect.stringContaining('measured_at and sampled_at') })
  })

  it.each([
    ['202506011230', 'packed'],
    ['20250601123000', 'packed'],
    ['20250601', 'packed'],
    ['883612800000', 'ms'],
    ['1760000000', 's'],
  ])('is for %s in %s', async (value, unit) => {
    const plan = await suggestedFor('measured', 'metric_name TEXT, value REAL, ts INTEGER', `'m', 0.5, ${value}`)
    expect(plan).toMatchObject({ target: 'agent_metrics', columns: { timestamp: { from: 'ts', unit } } })
  })

  it.each([
    ['updated_at TEXT', late, 'updated_at does not say when what a row tells of happened'],
    ['expires_at TEXT, valid_date TEXT', `${late}, ${early}`, 'expires_at and valid_date do not say when'],
    ['response_time INTEGER', '250000000', 'response_time does not say when'],
    ['response_time TEXT', "'1500000000'", 'response_time does not say when'],
    ['waited_time TEXT', "'1500000000'", 'waited_time does not say when'],
    ['time INTEGER', '250000000', 'time does not say when'],
    ['window_start TEXT, window_end TEXT', `${early}, ${late}`, 'window_start and window_end do not say when'],
    ['start_time TEXT, end_time TEXT', `${early}, ${late}`, 'start_time and end_time may each say when, and differ'],
    ['measured_at TEXT, sampled_at TEXT', `${early}, ${late}`, 'measured_at and sampled_at may each say when'],
    ['date TEXT, time TEXT', "'2025-06-01', '10:00:00'", 'date and time say when only together'],
    ['log_date TEXT, log_time TEXT', "'2025-06-01', '10:00:00'", 'log_date and log_time say when only together'],
    ['ts INTEGER', '250601123000', 'ts holds no moments whose form or unit can be told'],
    ['ts INTEGER', '638700000000000000', 'ts holds no moments whose form or unit can be told'],
  ])('is not guessed among %s of %s', async (columns, row, why) => {
    const plan = await suggestedFor('measured', `metric_name TEXT, value REAL, ${columns}`, `'m', 0.5, ${row}`)
    expect(plan).toMatchObject({ target: 'legacy', because: expect.stringContaining(why) })
  })

  it('is not guessed where only some of its digits may be dates', async () => {
    const plan = await suggested(
      'measured',
      'CREATE TABLE measured (metric_name TEXT, value REAL, ts INTEGER)',
      "INSERT INTO measured VALUES ('m', 1, 1760000000000), ('m', 1, 1760000000001), ('m', 1, 202506011230)",
    )
    expect(plan).toMatchObject({
      target: 'legacy',
      because: expect.stringContaining('one value of ts is no moment, or'),
    })
  })
})

describe('the moment of several figures', () => {
  it('is no duration and no later moment of the row, and those are no figures', async () => {
    const columns = 'cpu REAL, gc_time REAL, end_time REAL, expires_at REAL, sampled_at TEXT'
    const plan = await suggestedFor('load', columns, `0.5, 123456789.5, 1760000000.5, 1760000000.5, ${early}`)
    expect(plan).toMatchObject({
      columns: { timestamp: { from: 'sampled_at' }, metadata: { rule: 'rest' } },
      pivot: { cpu: 'cpu', gc_time: 'gc_time' },
    })
    expect(plan).not.toHaveProperty('pivot.expires_at')
    expect(plan).not.toHaveProperty('pivot.end_time')
  })

  it('is not guessed', async () => {
    const columns = 'cpu REAL, mem REAL, measured_at TEXT, sampled_at TEXT'
    const plan = await suggestedFor('load', columns, `0.5, 0.5, ${early}, ${late}`)
    expect(plan).toMatchObject({
      target: 'legacy',
      because: expect.stringContaining('measured_at and sampled_at may each say when, and differ'),
    })
  })
})

describe('the moment of an action', () => {
  it.each([
    ['password_expires_at TEXT, performed_at TEXT', 'performed_at'],
    ['last_login_at TEXT, event_time TEXT', 'event_time'],
    ['valid_date TEXT, at TEXT', 'at'],
    ['date_of_birth TEXT, timestamp TEXT', 'timestamp'],
    ['deleted_at TEXT, created_at TEXT', 'created_at'],
    ['updated_at TEXT, logged_at TEXT', 'logged_at'],
  ])('among %s is %s', async (columns, from) => {
    const plan = await suggestedFor(
      'audit',
      `username TEXT, action TEXT, ${columns}`,
      `'u', 'login', ${late}, ${early}`,
    )
    expect(plan).toMatchObject({ target: 'audit_logs', columns: { timestamp: { from } } })
  })

  it.each(['modified', 'granted_at', 'scheduled_at', 'last_login_at', 'end_time'])('is not in %s', async (name) => {
    const plan = await suggestedFor('ops', `username TEXT, action TEXT, ${name} TEXT`, `'u', 'x', ${early}`)
    expect(plan).toMatchObject({ target: 'legacy', because: expect.stringContaining(name) })
  })
})

it('of an alert is when it was raised, and not when it was resolved', async () => {
  const columns = 'alert_type TEXT, severity TEXT, message TEXT, resolved_date TEXT, raised_at TEXT'
  const plan = await suggestedFor('alerts', columns, `'x', 'high', 'm', ${late}, ${early}`)
  expect(plan).toMatchObject({ target: 'security_events', columns: { timestamp: { from: 'raised_at' } } })
})

it('of a message is when it was sent, and not when it came or was read', async () => {
  const columns =
    'id INTEGER PRIMARY KEY, sender TEXT, recipient TEXT, body TEXT, read_at TEXT, received_at TEXT, sent_at TEXT'
  const plan = await suggestedFor('messages', columns, `1, 'a', 'b', 'hi', ${late}, ${late}, ${early}`)
  expect(plan).toMatchObject({ target: 'agent_conversations', columns: { timestamp: { from: 'sent_at' } } })
})

it('of a capability is its last change, then when it was first there', async () => {
  for (const [columns, from] of [
    ['created_at TEXT, updated_at TEXT', 'updated_at'],
    ['created_at TEXT, last_used_at TEXT', 'created_at'],
    ['created_at TEXT, last_updated TEXT', 'last_updated'],
  ]) {
    const plan = await suggestedFor(
      'skills',
      `agent TEXT, skill TEXT, level INT, ${columns}`,
      `'a', 's', 3, ${early}, ${late}`,
    )
    expect(plan).toMatchObject({ target: 'agent_capabilities', columns: { last_updated: { from } } })
  }
})

it('is told by its name where there are no rows', async () => {
  const create = 'CREATE TABLE measured (metric_name TEXT, value REAL, response_time INTEGER, recorded_at TEXT)'
  expect(await suggested('measured', create)).toMatchObject({ columns: { timestamp: { from: 'recorded_at' } } })
})
