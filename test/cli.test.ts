import { closeSync, existsSync, mkdtempSync, openSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeadLetter } from '../core/bus/dead-letters.ts'
import type { Received } from '../core/bus/receive.ts'
import { HiveClient, type Page } from '../scripts/hive/client.ts'
import type { Cloud } from '../scripts/local/cloud.ts'
import { command, running } from './command.ts'
import { testCloud } from './test-cloud.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await testCloud()
})
afterAll(() => cloud?.stop())

const folder = mkdtempSync(join(tmpdir(), 'hive-cli-'))

function fileOf(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const hive = (...args: string[]) => command(cloud, args)

/** What a test needs besides the command that it is about goes the short way, without a process of its own. */
const client = () => new HiveClient(cloud.url, cloud.adminKey)

async function registered(...names: string[]): Promise<void> {
  for (const name of names) await client().putAgent(name, {})
}

async function publish(to_agent: string, fields: object = {}): Promise<string> {
  const message_id = `to-${to_agent}-${crypto.randomUUID()}`
  const message = { version: 1, message_id, from_agent: 'cli', to_agent, message_type: 'task', body: {} }
  await client().publish({ ...message, ...fields })
  return message_id
}

/** Publishes one message to an agent and leases it. */
async function leased(agent: string, fields: object = {}): Promise<{ id: string; receipt: string }> {
  const id = await publish(agent, fields)
  return { id, receipt: await receiptOf(agent, id) }
}

async function receiptOf(agent: string, id: string): Promise<string> {
  const { messages } = await client().receive(agent, {})
  expect(messages.map(({ message }) => message.message_id)).toEqual([id])
  return messages[0]?.receipt ?? ''
}

async function giveBack(agent: string, receipt: string): Promise<void> {
  await client().settle(agent, { nacks: [{ receipt, delay_seconds: 0, reason: 'cannot' }] })
}

async function statusOf(id: string): Promise<string> {
  const { recipients } = await client().messageStatus(id, 'cli')
  return recipients[0]?.status ?? ''
}

describe('hive agents', () => {
  it('registers, shows, lists and disables', async () => {
    const put = await hive('agents', 'put', 'agents-one', '--json')
    expect(put.json()).toMatchObject({ name: 'agents-one', endpoint: null, disabled: false })
    const disabled = await hive('agents', 'put', 'agents-one', '--disable')
    expect(disabled.stdout).toMatch(/state +disabled/)
    expect((await hive('agents', 'get', 'agents-one', '--json')).json()).toMatchObject({ disabled: true })
    expect((await hive('agents', 'list')).stdout).toMatch(/agents-one +pull +disabled/)
    const enabled = await hive('agents', 'put', 'agents-one', '--enable', '--json')
    expect(enabled.json()).toMatchObject({ disabled: false })
  })

  it('shows when an agent was last seen', async () => {
    await registered('agents-seen')
    expect((await hive('agents', 'get', 'agents-seen')).stdout).not.toMatch(/^seen/m)
    expect((await hive('agents', 'heartbeat', 'agents-seen')).stdout).toMatch(/seen +\d{4}-/)
    expect((await hive('agents', 'get', 'agents-seen')).stdout).toMatch(/^seen +\d{4}-/m)
  })

  it('rotates a signing secret and shows it once', async () => {
    await registered('agents-rotated')
    const rotated = await hive('agents', 'rotate-secret', 'agents-rotated')
    expect(rotated.stdout).toMatch(/signing secret +whsec_\S+ \(shown this once\)/)
  })

  it('shows a generated signing secret once', async () => {
    const put = await hive('agents', 'put', 'agents-push', '--endpoint', 'http://127.0.0.1:9/hook')
    expect(put.stdout).toMatch(/signing secret +whsec_\S+ \(shown this once\)/)
    expect((await hive('agents', 'get', 'agents-push')).stdout).not.toContain('whsec_')
  })

  it('keeps what is not given', async () => {
    const secret = await hive('agents', 'put', 'agents-push', '--disable', '--json')
    expect(secret.json()).toMatchObject({ endpoint: 'http://127.0.0.1:9/hook', disabled: true })
    const pull = await hive('agents', 'put', 'agents-push', '--pull', '--json')
    expect(pull.json()).toMatchObject({ endpoint: null, disabled: true })
  })
})

describe('hive agents put --revoke-keys', () => {
  it('disables an agent and ends its keys', async () => {
    await registered('agents-leaving')
    const { id, key } = await client().createKey({ agent: 'agents-leaving', scopes: ['publish'] })
    const put = await hive('agents', 'put', 'agents-leaving', '--disable', '--revoke-keys', '--json')
    expect(put.json()).toMatchObject({ disabled: true, revoked_keys: [id] })
    await expect(new HiveClient(cloud.url, key).getAgent('agents-leaving')).rejects.toMatchObject({
      code: 'auth.invalid',
    })
  })
})

describe('hive topics and capabilities', () => {
  it('subscribe, publish to all who want it, show each, and unsubscribe', async () => {
    await registered('topics-a', 'topics-b')
    const one = await hive('topics', 'subscribe', 'cli-news', 'topics-a')
    expect(one.stdout).toMatch(/types +every type/)
    await hive('topics', 'subscribe', 'cli-news', 'topics-b', '--type', 'alarm', 'task')
    expect((await hive('topics', 'list')).stdout).toMatch(/cli-news +2/)
    expect((await hive('topics', 'subscribers', 'cli-news')).stdout).toMatch(/topics-b +alarm task/)
    expect((await hive('topics', 'of', 'topics-a', '--json')).json()).toMatchObject({ items: [{ topic: 'cli-news' }] })
    const to = ['--from', 'cli', '--to', 'topic:cli-news', '--type', 'note', '--body', '{}', '--id', 'news-1']
    expect((await hive('publish', ...to)).stdout).toMatch(/subscribers +2/)
    await expect.poll(async () => (await client().messageStatus('news-1', 'cli')).fan_out?.status).toBe('delivered')
    const status = (await hive('status', 'news-1', '--from', 'cli')).stdout
    expect(status).toMatch(/to topic:cli-news: delivered, handed to 1/)
    expect(status).toMatch(/topics-a +pending +ready/)
    expect((await hive('topics', 'unsubscribe', 'cli-news', 'topics-a')).stdout).toBe('unsubscribed\n')
    expect((await hive('topics', 'unsubscribe', 'cli-news', 'topics-a')).stdout).toMatch(/no such subscription/)
  })

  it('declare, find and route', async () => {
    await registered('able')
    const to = ['publish', '--from', 'cli', '--to', 'capability:cli-paint', '--type', 'task', '--body', '{}']
    expect(await hive(...to)).toMatchObject({ code: 1, stderr: expect.stringContaining('no live agent') })
    expect((await hive(...to, '--wait-for-recipient', '--id', 'paint-1')).code).toBe(0)
    const declared = await hive('capabilities', 'declare', 'able', 'cli-paint', '--proficiency', '9')
    expect(declared.stdout).toMatch(/proficiency +9/)
    await client().heartbeat('able')
    expect((await hive('capabilities', 'find', 'cli-paint', '--least', '9')).stdout).toMatch(/cli-paint +able +9/)
    expect((await hive('capabilities', 'list', 'able')).stdout).toMatch(/cli-paint/)
    expect((await hive(...to)).stdout).toMatch(/routed to +able/)
    expect((await hive('capabilities', 'withdraw', 'able', 'cli-paint')).stdout).toBe('withdrawn\n')
  })
})

describe('hive conversations, events and audit', () => {
  it('show what was said, what looked wrong, and what was done', async () => {
    await registered('talker')
    const conversation = crypto.randomUUID()
    await publish('talker', { body: { text: 'zebrafish' }, conversation_id: conversation })
    await expect
      .poll(async () => (await hive('conversations', '--search', 'zebrafish')).stdout, { interval: 500 })
      .toMatch(/cli +talker +task +pending/)
    expect((await hive('conversations', conversation, '--json')).json()).toMatchObject({
      items: [{ content: '{"text":"zebrafish"}' }],
    })
    expect((await hive('conversations', '--agent', 'cli', '--with', 'nobody')).stdout).toBe('no messages\n')
    const both = await hive('conversations', conversation, '--search', 'x')
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('--search') })
    await expect(new HiveClient(cloud.url, 'wrong').health()).rejects.toMatchObject({ code: 'auth.invalid' })
    expect((await hive('events', '--type', 'auth.failed', '--from', '1h')).stdout).toMatch(/medium +auth.failed/)
    expect((await hive('audit', '--target', 'talker')).stdout).toMatch(/config:1 +agent.put +talker/)
  })
})

describe('hive publish, receive and ack', () => {
  it('carries a message from its publisher to delivered', async () => {
    await registered('trip')
    const body = '{"build":"web","über":[1,2.5]}'
    const options = [
      '--id',
      'trip-1',
      '--priority',
      'high',
      '--ttl',
      '600',
      '--delay',
      '0',
      '--correlation-id',
      'release',
    ]
    const published = await hive(
      'publish',
      ...['--from', 'cli', '--to', 'trip', '--type', 'task', '--body', body],
      ...options,
    )
    expect(published).toMatchObject({ code: 0, stderr: '' })
    expect(published.stdout).toMatch(/status +pending/)

    const received = (await hive('receive', 'trip', '--json')).json<Received>()
    expect(received.messages[0]?.message).toMatchObject({
      message_id: 'trip-1',
      priority: 3,
      ttl: 600,
      correlation_id: 'release',
      body: JSON.parse(body),
    })
    const acked = await hive('ack', 'trip', received.messages[0]?.receipt ?? '')
    expect(acked).toMatchObject({ code: 0, stdout: expect.stringMatching(/delivered/) })
    expect((await hive('status', 'trip-1', '--from', 'cli')).stdout).toMatch(/trip +delivered +settled +1 of 5/)
  })

  it('publishes the same id and content once, and refuses other content', async () => {
    await registered('once')
    const publishWith = (body: string) =>
      hive('publish', ...['--from', 'cli', '--to', 'once', '--type', 'task', '--id', 'once-1', '--body', body])
    await publishWith('{"n":1}')
    expect((await publishWith('{"n":1}')).stdout).toContain('published before')
    const other = await publishWith('{"n":2}')
    expect(other.code).toBe(1)
    expect(other.stderr).toMatch(/^hive: .*message_id.*; code message\.conflict \(409\); request \S+\n$/)
  })

  it('takes the body from stdin or a file', async () => {
    await registered('bodies')
    const flags = ['publish', '--from', 'cli', '--to', 'bodies', '--type', 'task']
    expect((await command(cloud, flags, '{"from":"stdin"}')).code).toBe(0)
    expect((await hive(...flags, '--file', fileOf('body.json', '{"from":"file"}'))).code).toBe(0)
    const received = (await hive('receive', 'bodies', '--ack', '--json')).json<Received>()
    expect(received.messages.map(({ message }) => message.body)).toEqual([{ from: 'stdin' }, { from: 'file' }])
  })

  it('acknowledges what it printed with --ack, and only then', async () => {
    await registered('printed')
    const { id } = await leased('printed')
    const again = await leased('printed')
    await giveBack('printed', again.receipt)
    const received = await hive('receive', 'printed', '--ack')
    expect(received.stdout).toContain(again.id)
    expect(received.stdout).toMatch(/inbox: .*leased 1/)
    expect(await statusOf(again.id)).toBe('delivered')
    expect(await statusOf(id)).toBe('pending')
    expect((await hive('receive', 'printed')).stdout).toMatch(/no message for printed\ninbox: ready 0, .*leased 1/)
  })

  it('publishes a file of messages of any shape in batches, and each once', async () => {
    await registered('batch')
    const lines = Array.from({ length: 249 }, (_, index) =>
      JSON.stringify({
        message_id: `batch-${index}`,
        from_agent: 'cli',
        to_agent: 'batch',
        message_type: 'n',
        body: { index },
      }),
    )
    const older = {
      type: 'n',
      payload: { index: 249 },
      source_agent: 'cli',
      target_agent: 'batch',
      message_id: 'batch-249',
    }
    const file = fileOf('batch.ndjson', `${[...lines, JSON.stringify(older)].join('\n')}\n\n`)
    expect((await hive('publish', '--batch', file, '--json')).json()).toEqual({
      ...{ messages: 250, published: 250, duplicates: 0, batches: 3 },
    })
    expect((await hive('publish', '--batch', file, '--json')).json()).toMatchObject({ published: 0, duplicates: 250 })
    const seen: unknown[] = []
    for (let page = 0; page < 3; page++) {
      const { messages } = await client().receive('batch', { max: 100 })
      seen.push(...messages.map(({ message }) => message.body.index))
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => index))
  })

  it('names the line of a file that the hive refuses, and what was published before it', async () => {
    await registered('lines')
    const line = (to_agent: string) => JSON.stringify({ from_agent: 'cli', to_agent, message_type: 'n', body: {} })
    const lines = Array.from({ length: 150 }, (_, index) => line(index === 120 ? 'nobody-here' : 'lines'))
    const refused = await hive('publish', '--batch', fileOf('lines.ndjson', lines.join('\n')))
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(
      /^100 messages were published before this\nhive: .*line 121 to_agent: .*agent\.unknown/,
    )
    expect((await client().inbox('lines')).counts.ready).toBe(100)

    const broken = await hive('publish', '--batch', fileOf('broken.ndjson', `${line('lines')}\n{"a":1,"a":2}`))
    expect(broken.code).toBe(2)
    expect(broken.stderr).toContain('line 2')
  })
})

describe('hive ack, nack and extend', () => {
  it('give a message back and keep it for longer', async () => {
    await registered('settle')
    const { id, receipt } = await leased('settle')
    const nacked = await hive('nack', 'settle', receipt, '--delay', '0', '--reason', 'disk is full')
    expect(nacked).toMatchObject({ code: 0, stdout: expect.stringContaining('retrying') })
    const second = await receiptOf('settle', id)
    const extended = await hive('extend', 'settle', second, '--lease', '300')
    expect(extended).toMatchObject({ code: 0, stdout: expect.stringContaining('extended') })
    expect((await hive('ack', 'settle', second)).code).toBe(0)
  })

  it('fail when a receipt is no longer valid, and say which', async () => {
    await registered('stale')
    const first = await leased('stale')
    await giveBack('stale', first.receipt)
    const valid = await receiptOf('stale', first.id)
    const mixed = await hive('ack', 'stale', first.receipt, valid)
    expect(mixed.code).toBe(1)
    expect(mixed.stdout).toMatch(/receipt\.stale/)
    expect(mixed.stdout).toMatch(/delivered/)
    expect(mixed.stderr).toMatch(/^hive: 1 of 2 receipts are no longer valid/)
    const alone = await hive('nack', 'stale', first.receipt, '--json')
    expect(alone.code).toBe(1)
    expect(JSON.parse(alone.stderr)).toMatchObject({ code: 'receipt.stale', status: 409 })
  })
})

describe('hive dead-letters', () => {
  async function died(agent: string): Promise<string> {
    const { id, receipt } = await leased(agent, { delivery_options: { max_attempts: 1 } })
    await giveBack(agent, receipt)
    return id
  }

  it('lists, shows, sends again and throws away', async () => {
    await registered('dead')
    const id = await died('dead')
    expect((await hive('dead-letters', 'dead', 'list')).stdout).toMatch(new RegExp(`${id} +cli +task +1 +.*cannot`))
    const listed = (await hive('dead-letters', 'dead', 'list', '--json')).json<Page<DeadLetter>>()
    const letterId = listed.items[0]?.dead_letter_id ?? ''
    expect((await hive('dead-letters', 'dead', 'show', letterId)).stdout).toContain(`"message_id": "${id}"`)

    expect((await hive('dead-letters', 'dead', 'redrive', letterId)).stdout).toMatch(/redriven +1/)
    await client().settle('dead', { acks: [await receiptOf('dead', id)] })

    const other = await died('dead')
    expect((await hive('dead-letters', 'dead', 'discard', '--all')).stdout).toMatch(/discarded +1/)
    expect(await statusOf(other)).toBe('discarded')
    expect((await hive('dead-letters', 'dead', 'list')).stdout).toBe('no dead letters for dead\n')
  })

  it('says which one there is not', async () => {
    await registered('dead')
    const unknown = await hive('dead-letters', 'dead', 'show', '12345')
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('dead_letter.unknown') })
  })
})

describe('hive metrics', () => {
  it('writes, reads back and rolls up', async () => {
    const one = ['--agent', 'metering', '--type', 'tokens', '--value', '12.5', '--at', '2026-01-01T00:00:00Z']
    expect((await hive('metrics', 'write', ...one)).stdout).toMatch(/written +1/)
    const points = Array.from({ length: 10 }, (_, index) =>
      JSON.stringify({
        agent_name: 'metering',
        metric_type: 'tokens',
        value: index,
        timestamp: `2026-01-01T00:01:0${index}Z`,
      }),
    )
    const file = fileOf('points.ndjson', points.join('\n'))
    expect((await hive('metrics', 'write', '--file', file, '--json')).json()).toEqual({ written: 10 })

    const range = [
      '--agent',
      'metering',
      '--type',
      'tokens',
      '--from',
      '2026-01-01T00:00:00Z',
      '--to',
      '2026-01-01T01:00:00Z',
    ]
    const page = (await hive('metrics', 'query', ...range, '--json')).json<{ items: { value: number }[] }>()
    expect(page.items.map(({ value }) => value)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 12.5])
    expect((await hive('metrics', 'query', ...range, '--limit', '2')).stderr).toMatch(/^more: --cursor \S+\n$/)
    const rollup = (await hive('metrics', 'rollup', ...range, '--interval', '60', '--json')).json<{
      buckets: object[]
    }>()
    expect(rollup.buckets).toMatchObject([
      { count: 1, avg: 12.5 },
      { count: 10, avg: 4.5, min: 0, max: 9 },
    ])
    expect((await hive('metrics', 'rollup', ...range)).stdout).toMatch(/BUCKET.*P99\n.*metering +tokens/)
  })

  it('needs all of a measurement', async () => {
    const short = await hive('metrics', 'write', '--agent', 'metering')
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining('--type and --value') })
  })
})

describe('hive tail', () => {
  it('sees what arrives and takes nothing away, until Ctrl-C', async () => {
    await registered('watched')
    const tail = running(cloud, ['tail', 'watched', '--json', '--interval', '0.05'])
    await tail.line((line) => line.includes('"ready":0'))
    const id = await publish('watched')
    const arrived = JSON.parse(await tail.line((line) => line.includes('"ready":1')))
    expect(arrived).toMatchObject({ agent: 'watched', changes: { accepted: 1 } })
    expect(await tail.interrupt()).toBe(0)
    await receiptOf('watched', id)
  })

  it('takes and prints messages when told to', async () => {
    await registered('taken')
    const tail = running(cloud, ['tail', 'taken', '--take'])
    const id = await publish('taken', { body: { a: 1 } })
    expect(await tail.line((line) => line.includes(id))).toContain('cli → taken')
    expect(await tail.line(() => true)).toBe('  {"a":1}')
    await expect.poll(() => statusOf(id)).toBe('delivered')
    expect(await tail.interrupt()).toBe(0)
  })
})

describe('hive validate', () => {
  it('checks this hive and leaves nothing behind', async () => {
    const run = await hive('validate', '--messages', '1000', '--metrics', '20', '--json')
    const report = run.json<{ passed: boolean; checks: { name: string; pass: boolean }[] }>()
    // how fast this machine is does not decide whether the command works: its rate and times are not asserted
    expect(run.code).toBe(report.passed ? 0 : 1)
    expect(report.checks).toMatchObject([
      { name: 'protocol round trip', pass: true },
      { name: 'metric write p50', bar: '< 50 ms' },
      { name: 'metric write p99', bar: '< 50 ms' },
      { name: 'publish rate', bar: '≥ 1000 messages/s' },
      {
        name: 'received and acknowledged',
        pass: true,
        figure: '1400 of 1400',
        detail: '400 of them before the rate was timed',
      },
    ])
    const { items } = await client().listAgents({ limit: 1000 })
    const own = items.filter(({ name }) => name.startsWith('validate-'))
    expect(own.map(({ disabled }) => disabled)).toEqual([true, true, true, true, true])
  })

  it('fails where the hive cannot be used', async () => {
    const run = await command({ url: cloud.url, adminKey: 'not-the-key-of-this-hive' }, ['validate'])
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('auth.invalid') })
  })
})

describe('hive', () => {
  it('tells nobody answering from a refusal', async () => {
    const nobody = await command({ url: 'http://127.0.0.1:9', adminKey: 'k' }, ['agents', 'list', '--json'])
    expect(nobody.code).toBe(3)
    expect(JSON.parse(nobody.stderr)).toMatchObject({ code: 'unreachable' })
    const refused = await hive('receive', 'nobody-here')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/^hive: [^\n]*agent\.unknown \(404\)[^\n]*\n$/)
  })

  it('says what a message lacks when nothing is on stdin either', async () => {
    const wrong = await hive('publish', '--from', 'a', '--to', 'b', '--type', 't')
    expect(wrong).toEqual({
      ...wrong,
      code: 2,
      stdout: '',
      stderr: 'hive: no --body, and nothing on stdin; code usage\n',
    })
  })

  it.runIf(existsSync('/dev/full'))('says in one line that its output cannot be written', async () => {
    const full = openSync('/dev/full', 'w')
    const failed = await command(cloud, ['agents', 'list'], '', full)
    closeSync(full)
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/^hive: the output cannot be written: ENOSPC[^\n]*\n$/)
  })

  it('takes no key that cannot be sent, and does not show it', async () => {
    const refused = await hive('--key', 'hunter\n2', 'agents', 'list')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/^hive: the key holds characters[^\n]*\n$/)
    expect(refused.stderr).not.toContain('hunter')
  })

  it('prints its help for nothing at all, and calls that wrong use', async () => {
    const help = await hive()
    expect(help.code).toBe(2)
    expect(help.stderr).toMatch(/^Usage: hive /)
  })
})
