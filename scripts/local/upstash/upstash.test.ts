import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis, type RedisConfigNodejs } from '@upstash/redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type RedisProcess, startRedis } from '../redis/start-redis.ts'
import { startUpstash, type UpstashServer } from './start-upstash.ts'

let home: string
let redisProcess: RedisProcess
let server: UpstashServer
let redis: Redis

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hive-upstash-'))
  redisProcess = await startRedis({ dir: join(home, 'redis'), persistent: true })
  server = await startUpstash({ redisUrl: redisProcess.url, token: 'a-token' })
  redis = connect()
})

afterAll(async () => {
  await server.close()
  await redisProcess.stop()
  await rm(home, { recursive: true, force: true })
})

beforeEach(async () => {
  server.faults.clear()
  await redis.flushall()
  server.stats.reset()
})

function connect(options: Partial<RedisConfigNodejs> = {}): Redis {
  return new Redis({
    url: server.url,
    token: 'a-token',
    automaticDeserialization: false,
    enableAutoPipelining: false,
    retry: { retries: 2, backoff: () => 1 },
    ...options,
  })
}

type Answer = { status: number; body: unknown }

async function send(path: string, init: RequestInit & { token?: string } = {}): Promise<Answer> {
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${init.token ?? 'a-token'}`)
  const response = await fetch(server.url + path, { ...init, headers })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')
const locking = (body: string) => `#!lua flags=allow-key-locking\n${body}`

describe('values through the real client', () => {
  it.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['letters of the world', 'žluťoučký 馬 🐎  \u0000 end'],
    ['a number in text', '007'],
    ['a large number in text', '12345678901234567890'],
    ['a fraction in text', '1.50'],
    ['JSON in text', '{"a":[1,null]}'],
    ['the word OK', 'OK'],
    ['what looks like base64', 'T0s='],
    ['line ends', 'a\r\n$-1\r\nb'],
    ['a long text', 'ä'.repeat(300_000)],
  ])('gives back %s as it was', async (_, value) => {
    expect(await redis.set('key', value)).toBe('OK')
    expect(await redis.get('key')).toBe(value)
    expect(await redis.eval('return {ARGV[1], {ARGV[1]}, redis.call("GET", KEYS[1])}', ['key'], [value])).toEqual([
      value,
      [value],
      value,
    ])
  })

  it('sends numbers and truth values as their text', async () => {
    await redis.hset('hash', { whole: 42, part: 0.5, yes: true })
    expect(await redis.hmget('hash', 'whole', 'part', 'yes', 'absent')).toEqual(['42', '0.5', 'true', null])
  })

  it('answers integers and null as they are', async () => {
    expect(await redis.incrby('count', 41)).toBe(41)
    expect(await redis.get('absent')).toBeNull()
    expect(await redis.zscore('absent', 'member')).toBeNull()
    expect(await send('/', { method: 'POST', body: '["INCRBY","count","9007199254740991"]' })).toEqual({
      status: 200,
      body: { result: 9007199254741032 },
    })
    const raw = await fetch(server.url, {
      method: 'POST',
      body: '["INCR","count"]',
      headers: { authorization: 'Bearer a-token' },
    })
    expect(await raw.text()).toBe('{"result":9007199254741033}')
  })

  it('answers statuses, nested ones and OK inside an array included', async () => {
    expect(await redis.ping()).toBe('PONG')
    const result = await redis.eval(
      'return {redis.status_reply("OK"), "OK", {redis.status_reply("OK"), {"OK"}}}',
      [],
      [],
    )
    expect(result).toEqual(['OK', 'OK', ['OK', ['OK']]])
    expect(await redis.eval('return redis.status_reply("OK")', [], [])).toBe('OK')
    expect(await redis.eval('return "OK"', [], [])).toBe('OK')
  })

  it('answers arrays in arrays, with null and empty ones at every depth', async () => {
    expect(await redis.eval('return {1, "a", false, {2, false, {"b", false, {}}}, {}}', [], [])).toEqual([
      1,
      'a',
      null,
      [2, null, ['b', null, []]],
      [],
    ])
    await redis.xadd('stream', '1-1', { field: 'value', other: '2' })
    expect(await redis.eval('return redis.call("XRANGE", KEYS[1], "-", "+")', ['stream'], [])).toEqual([
      ['1-1', ['field', 'value', 'other', '2']],
    ])
  })

  it('keeps bytes that are no UTF-8, in base64', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x0d, 0x0a])
    await send('/set/bytes', { method: 'POST', body: bytes })
    expect(await redis.strlen('bytes')).toBe(5)
    const answer = await send('/get/bytes', { headers: { 'upstash-encoding': 'base64' } })
    expect(answer.body).toEqual({ result: bytes.toString('base64') })
  })

  it('answers errors of Redis with their text, and keeps the connection', async () => {
    await redis.set('text', 'a')
    await expect(redis.hget('text', 'field')).rejects.toThrow(/^WRONGTYPE Operation against a key/)
    expect(await send('/', { method: 'POST', body: '["GET"]' })).toEqual({
      status: 400,
      body: { error: "ERR wrong number of arguments for 'get' command" },
    })
    expect(await redis.get('text')).toBe('a')
  })

  it('gives each of many requests at once its own answer', async () => {
    const numbers = Array.from({ length: 200 }, (_, n) => n)
    await Promise.all(numbers.map((n) => redis.set(`n:${n}`, 'x'.repeat(n * 40) + n)))
    const values = await Promise.all(numbers.map((n) => redis.get(`n:${n}`)))
    expect(values).toEqual(numbers.map((n) => 'x'.repeat(n * 40) + n))
  })

  it('serves clients that pipeline by themselves and read JSON', async () => {
    const usual = connect({ automaticDeserialization: true, enableAutoPipelining: true })
    await usual.set('json', { a: [1, 'x'] })
    server.stats.reset()
    expect(await Promise.all([usual.get('json'), usual.get('absent')])).toEqual([{ a: [1, 'x'] }, null])
    expect(server.stats.toJSON()).toMatchObject({ billed: 2, requests: 1 })
  })
})

describe('pipelines and transactions', () => {
  it('runs all of a pipeline, with an error where one failed', async () => {
    const results = await redis
      .pipeline()
      .set('text', 'a')
      .incr('text')
      .get('text')
      .eval('return {"OK", false}', [], [])
      .exec({ keepErrors: true })
    expect(results).toEqual([
      { result: 'OK' },
      { error: 'ERR value is not an integer or out of range', result: undefined },
      { result: 'a' },
      { result: ['OK', null] },
    ])
  })

  it('says which command of a pipeline failed', async () => {
    await expect(redis.pipeline().set('text', 'a').incr('text').exec()).rejects.toThrow(
      'Command 2 [ incr ] failed: ERR value is not an integer or out of range',
    )
  })

  it('runs a transaction in one piece', async () => {
    const results = await redis
      .multi()
      .set('count', '1')
      .incr('count')
      .eval(locking('return redis.call("GET", KEYS[1])'), ['count'], [])
      .exec()
    expect(results).toEqual(['OK', 2, '2'])
  })

  it('applies nothing of a transaction with a command that is refused or malformed', async () => {
    for (const bad of [['BLPOP', 'list', 0], ['GET'], ['NOSUCH']]) {
      const body = JSON.stringify([['SET', 'key', 'value'], bad])
      const answer = await send('/multi-exec', { method: 'POST', body })
      expect(answer.status).toBe(400)
      expect(answer.body).toEqual({ error: expect.stringMatching(/^ERR/) })
    }
    expect(await redis.exists('key')).toBe(0)
  })

  it('runs all of a transaction in which a command fails', async () => {
    const body = '[["SET","key","value"],["INCR","key"],["GET","key"]]'
    expect(await send('/multi-exec', { method: 'POST', body })).toEqual({
      status: 200,
      body: [{ result: 'OK' }, { error: 'ERR value is not an integer or out of range' }, { result: 'value' }],
    })
  })
})

describe('scripts', () => {
  it('answers NOSCRIPT until a script is known, so that createScript falls back to EVAL once', async () => {
    const source = locking("return {redis.call('INCR', KEYS[1]), ARGV[1]}")
    await expect(redis.evalsha(sha1(source), ['count'], ['x'])).rejects.toThrow(/^NOSCRIPT No matching script/)
    const script = redis.createScript(source)
    server.stats.reset()
    expect(await script.exec(['count'], ['x'])).toEqual([1, 'x'])
    expect(await script.exec(['count'], ['y'])).toEqual([2, 'y'])
    expect(Object.fromEntries(server.stats.byCommand)).toEqual({ EVALSHA: 2, EVAL: 1, INCR: 2 })
  })

  it('knows a script by the SHA of what the client wrote', async () => {
    const source = locking('return 7')
    expect(await redis.scriptExists(sha1(source))).toEqual([0])
    expect(await redis.scriptLoad(source)).toBe(sha1(source))
    expect(await redis.scriptExists(sha1(source), '0'.repeat(40))).toEqual([1, 0])
    expect(await redis.evalsha(sha1(source), [], [])).toBe(7)
    await redis.scriptFlush()
    await expect(redis.evalsha(sha1(source), [], [])).rejects.toThrow('NOSCRIPT')
    await expect(redis.scriptLoad('return (')).rejects.toThrow('ERR Error compiling script')
  })

  it.each([
    ['nil', null],
    ['false', null],
    ['true', 1],
    ['3.9', 3],
    ['"text"', 'text'],
    ['{}', []],
    ['{1, nil, 2}', [1]],
    ['redis.status_reply("FINE")', 'FINE'],
    ['redis.sha1hex("")', sha1('')],
    ['#KEYS .. ":" .. #ARGV', '1:2'],
  ])('gives back %s as Redis would', async (expression, expected) => {
    for (const source of [`return ${expression}`, locking(`return ${expression}`), `#!lua\nreturn ${expression}`]) {
      expect(await redis.eval(source, ['key'], ['a', 'b'])).toEqual(expected)
    }
  })

  it('hands on errors that a script returns', async () => {
    await expect(redis.eval(locking("return redis.error_reply('CUSTOM reason')"), [], [])).rejects.toThrow(
      /^CUSTOM reason,/,
    )
    await redis.set('text', 'a')
    await expect(redis.eval(locking("return redis.pcall('INCR', KEYS[1])"), ['text'], [])).rejects.toThrow(
      /^ERR value is not an integer or out of range,/,
    )
    const nested = locking("return {'before', redis.pcall('INCR', KEYS[1])}")
    expect(await redis.eval(nested, ['text'], [])).toEqual(['before', 'ERR value is not an integer or out of range'])
  })

  it('hands on errors that a script raises, with its own line and SHA', async () => {
    await redis.set('text', 'a')
    const faulty: [string, string][] = [
      ['local a = nil\n\nreturn a.b', "ERR user_script:4: attempt to index local 'a' (a nil value)"],
      ["\nerror('boom')", 'ERR user_script:3: boom'],
      ["\n\nerror({err = 'CUSTOM reason'})", 'CUSTOM reason'],
      [
        "local function f()\n  local n = redis.call('INCR', KEYS[1])\n  return n\nend\nreturn f()",
        'ERR value is not an integer or out of range',
      ],
    ]
    const lines = [4, 3, 4, 3]
    for (const [index, [body, message]] of faulty.entries()) {
      const source = locking(body)
      const expected = `${message} script: ${sha1(source)}, on @user_script:${lines[index]}., command was`
      await expect(redis.eval(source, ['text'], [])).rejects.toThrow(expected)
    }
  })

  it('lets a script catch errors', async () => {
    await redis.set('text', 'a')
    const source = locking("local ok, fault = pcall(redis.call, 'INCR', KEYS[1]) return {tostring(ok), fault}")
    expect(await redis.eval(source, ['text'], [])).toEqual(['false', 'ERR value is not an integer or out of range'])
  })

  it('keeps the other flags of the first line', async () => {
    const source = '#!lua flags=no-writes,allow-key-locking\nreturn redis.call("SET", KEYS[1], 1)'
    await expect(redis.eval(source, ['key'], [])).rejects.toThrow(
      /Write commands are not allowed from read-only scripts/,
    )
  })

  it('passes thousands of arguments', async () => {
    const source = locking("redis.call('RPUSH', KEYS[1], unpack(ARGV)) return redis.call('LRANGE', KEYS[1], 0, -1)")
    const values = Array.from({ length: 7_000 }, (_, n) => `v${n}`)
    expect(await redis.eval(source, ['list'], values)).toEqual(values)
  })
})

describe('declared keys', () => {
  const dynamic = "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: other"

  it.each([
    ["'GET', 'other'"],
    ["'get', 'other'"],
    ["'HSET', 'other', 'f', 'v'"],
    ["'MGET', KEYS[1], 'other'"],
    ["'DEL', KEYS[1], KEYS[2], 'other'"],
    ["'RENAME', KEYS[1], 'other'"],
    ["'MSET', KEYS[1], 'a', 'other', 'b'"],
    ["'BITOP', 'AND', KEYS[1], 'other'"],
    ["'ZUNIONSTORE', KEYS[1], 2, KEYS[2], 'other'"],
    ["'ZUNIONSTORE', 'other', 1, KEYS[1]"],
    ["'ZINTERCARD', 2, KEYS[1], 'other'"],
    ["'XREAD', 'COUNT', 1, 'STREAMS', KEYS[1], 'other', '0', '0'"],
    ["'XREADGROUP', 'GROUP', 'g', 'c', 'streams', 'other', '>'"],
    ["'XGROUP', 'CREATE', 'other', 'g', '$', 'MKSTREAM'"],
    ["'SORT', KEYS[1], 'STORE', 'other'"],
  ])('refuses redis.call(%s)', async (call) => {
    const raising = redis.eval(locking(`\nlocal result = redis.call(${call})\nreturn result`), ['one', 'two'], [])
    await expect(raising).rejects.toThrow(`${dynamic} script: `)
    await expect(raising).rejects.toThrow('on @user_script:3.')
    await expect(redis.eval(locking(`return redis.pcall(${call})`), ['one', 'two'], [])).rejects.toThrow(dynamic)
    expect(await redis.dbsize()).toBe(0)
  })

  it.each([
    ["'TIME'"],
    ["'SET', KEYS[1], 'other'"],
    ["'MSET', KEYS[1], 'other', KEYS[2], 'x'"],
    ["'HMGET', KEYS[1], 'other', 'x'"],
    ["'ZUNIONSTORE', KEYS[1], 1, KEYS[2], 'AGGREGATE', 'MAX'"],
    ["'XREAD', 'STREAMS', KEYS[1], '0'"],
    ["'PUBLISH', 'other', 'x'"],
    ["'EXISTS', 'o' .. 'ne'"],
  ])('allows redis.call(%s)', async (call) => {
    await redis.eval(locking(`return redis.call(${call})`), ['one', 'two'], [])
  })

  it.each([["'FLUSHALL'"], ["'KEYS', '*'"], ["'SCAN', '0'"]])(
    'refuses redis.call(%s) as it takes every key',
    async (call) => {
      await expect(redis.eval(locking(`return redis.call(${call})`), ['one'], [])).rejects.toThrow(
        'Dynamic keys are not allowed',
      )
    },
  )

  it('asks for nothing of scripts that lock the whole database', async () => {
    expect(await redis.eval("redis.call('SET', 'other', '1') return redis.call('GET', 'other')", [], [])).toBe('1')
    const flagBelow = '\n#!lua flags=allow-key-locking\nreturn 1'
    await expect(redis.eval(flagBelow, [], [])).rejects.toThrow('Error compiling script')
  })
})

describe('counting', () => {
  it('bills a script as itself and each call that it makes', async () => {
    const source = locking(`
      for _ = 1, 5 do redis.call('INCR', KEYS[1]) end
      redis.pcall('hget', KEYS[1], 'f')
      return redis.call('TIME')[1]`)
    await redis.eval(source, ['count'], [])
    expect(server.stats.billed).toBe(8)
    expect(Object.fromEntries(server.stats.byCommand)).toEqual({ EVAL: 1, INCR: 5, HGET: 1, TIME: 1 })
  })

  it('bills what a failing script did before it failed', async () => {
    const source = locking("redis.call('SET', KEYS[1], 'a') redis.call('INCR', KEYS[1])")
    await expect(redis.eval(source, ['text'], [])).rejects.toThrow('not an integer')
    expect(Object.fromEntries(server.stats.byCommand)).toEqual({ EVAL: 1, SET: 1, INCR: 1 })
  })

  it('bills each member of pipelines and transactions, scripts in them included', async () => {
    const source = locking("return redis.call('INCR', KEYS[1])")
    await redis.pipeline().get('a').eval(source, ['count'], []).incr('count').exec()
    expect(server.stats.toJSON()).toEqual({ billed: 4, requests: 1, byCommand: { GET: 1, EVAL: 1, INCR: 2 } })
    await redis.multi().get('a').eval(source, ['count'], []).exec()
    expect(server.stats.billed).toBe(7)
    expect(server.stats.requests).toBe(2)
  })

  it('bills nothing that was refused, and can start over', async () => {
    await expect(redis.eval('return 1', [], [])).resolves.toBe(1)
    server.stats.reset()
    expect((await send('/', { method: 'POST', body: '["BLPOP","list",0]' })).status).toBe(400)
    expect((await send('/get/a', { token: 'wrong' })).status).toBe(401)
    expect(server.stats.toJSON()).toEqual({ billed: 0, requests: 1, byCommand: {} })
  })

  it('can be read and started over from another process', async () => {
    await redis.pipeline().get('a').get('b').exec()
    const expected = { billed: 2, requests: 1, byCommand: { GET: 2 } }
    expect(await send('/_local/stats')).toEqual({ status: 200, body: expected })
    expect((await send('/_local/stats', { token: 'wrong' })).status).toBe(401)
    await send('/_local/stats/reset', { method: 'POST' })
    expect(server.stats.toJSON()).toEqual({ billed: 0, requests: 0, byCommand: {} })
  })
})

describe('faults', () => {
  const once = (kind: Parameters<UpstashServer['faults']['next']>[0]) => server.faults.next(kind)

  it.each(['429', '500'] as const)('answers %s without doing anything', async (kind) => {
    once(kind)
    await expect(redis.incr('count')).rejects.toThrow(/^ERR/)
    expect(await redis.get('count')).toBeNull()
    once(kind)
    expect((await send('/incr/count')).status).toBe(Number(kind))
  })

  it('drops a request before it is applied, and the client sends it again', async () => {
    once('drop-before')
    expect(await redis.incr('count')).toBe(1)
    expect(server.stats.toJSON()).toMatchObject({ billed: 1, requests: 2 })
  })

  it('drops an answer after the request was applied, and the client sends it again', async () => {
    once('drop-after')
    expect(await redis.incr('count')).toBe(2)
    expect(server.stats.toJSON()).toMatchObject({ billed: 2, requests: 2 })
  })

  it('drops as often as it is told, so that a client gives up', async () => {
    server.faults.next('drop-after', 3)
    await expect(redis.incr('count')).rejects.toThrow('fetch failed')
    expect(server.faults.pending).toBe(0)
    expect(await redis.get('count')).toBe('3')
  })

  it('hits only the command or the script that is named', async () => {
    const source = locking("-- the one\nreturn redis.call('INCR', KEYS[1])")
    const script = redis.createScript(source)
    await script.exec(['count'], [])
    server.faults.next('500', 1, { command: 'hget' })
    server.faults.next('500', 1, { script: '-- the one' })
    server.faults.next('500', 1, { command: 'evalsha', script: sha1(source) })
    expect(await redis.get('count')).toBe('1')
    await expect(script.exec(['count'], [])).rejects.toThrow('ERR internal error')
    await expect(script.exec(['count'], [])).rejects.toThrow('ERR internal error')
    expect(await script.exec(['count'], [])).toBe(2)
    await expect(redis.pipeline().get('count').hget('hash', 'f').exec()).rejects.toThrow('ERR internal error')
    expect(server.faults.pending).toBe(0)
  })

  it('delays answers', async () => {
    server.faults.latencyMs = 40
    const before = performance.now()
    await redis.get('a')
    expect(performance.now() - before).toBeGreaterThanOrEqual(39)
  })

  it('is told to from another process', async () => {
    const order = {
      latencyMs: 1,
      next: [
        { kind: '429', times: 2, command: 'incr' },
        { kind: 'drop-before', script: 'x' },
      ],
    }
    const told = await send('/_local/faults', { method: 'POST', body: JSON.stringify(order) })
    expect(told).toEqual({ status: 200, body: { latencyMs: 1, pending: 3 } })
    expect((await send('/incr/count')).status).toBe(429)
    const cleared = await send('/_local/faults', { method: 'POST', body: '{"clear":true}' })
    expect(cleared.body).toEqual({ latencyMs: 0, pending: 0 })
    expect((await send('/_local/faults', { method: 'POST', body: '{"next":[{"kind":"odd"}]}' })).status).toBe(400)
    expect((await send('/_local/faults', { method: 'POST', body: '{}', token: 'wrong' })).status).toBe(401)
    expect((await send('/_local/other')).status).toBe(404)
  })
})

describe('refusals', () => {
  it('wants the token', async () => {
    await expect(connect({ token: 'wrong' }).get('a')).rejects.toThrow(/^WRONGPASS invalid or missing auth token/)
    expect((await fetch(`${server.url}/get/a`)).status).toBe(401)
    expect((await fetch(`${server.url}/get/a?_token=a-token`)).status).toBe(200)
  })

  it('takes 10 MB and no more', async () => {
    const limit = 10 * 1024 * 1024
    const set = (bytes: number) => send('/', { method: 'POST', body: `["SET","key","${'x'.repeat(bytes)}"]` })
    const room = limit - '["SET","key",""]'.length
    expect(await set(room)).toEqual({ status: 200, body: { result: 'OK' } })
    expect(await set(room + 1)).toEqual({
      status: 400,
      body: {
        error: expect.stringContaining(`ERR max request size exceeded. Limit: ${limit} bytes, Actual: ${limit + 1}`),
      },
    })
    expect(await redis.append('key', 'x'.repeat(100))).toBe(room + 100)
    await expect(redis.get('key')).rejects.toThrow('ERR max request size exceeded')
  })

  it('lets no record grow beyond its limit, and lets it be read and emptied', async () => {
    const small = await startUpstash({ redisUrl: redisProcess.url, token: 'a-token', recordLimitBytes: 100_000 })
    onTestFinished(() => small.close())
    const client = connect({ url: small.url })
    const add = locking("return redis.call('HSET', KEYS[1], unpack(ARGV))")
    let count = 0
    const grow = () => client.eval(add, ['hash'], [`field-${count++}`, 'x'.repeat(9_000)])
    await expect
      .poll(() => grow().catch((error: Error) => error.message))
      .toMatch(/^ERR max single record size exceeded/)
    expect(await redis.hlen('hash')).toBeGreaterThanOrEqual(10)
    expect(await redis.hlen('hash')).toBeLessThanOrEqual(14)
    await expect(client.hset('hash', { field: 'x' })).rejects.toThrow('ERR max single record size exceeded')
    expect(await client.hget('hash', 'field-0')).toHaveLength(9_000)
    expect(await client.hdel('hash', 'field-0', 'field-1', 'field-2', 'field-3', 'field-4')).toBe(5)
    await expect.poll(() => grow().catch(() => 'refused')).toBe(1)
  })

  it.each([
    ['BLPOP', 'list', '1'],
    ['XREAD', 'BLOCK', '10', 'STREAMS', 's', '0'],
    ['WAIT', '1', '1'],
    ['CONFIG', 'GET', '*'],
  ])('does not have %s %s', async (...command) => {
    const answer = await send('/', { method: 'POST', body: JSON.stringify(command) })
    expect(answer).toEqual({ status: 400, body: { error: expect.stringContaining('ERR Command is not available') } })
  })

  it.each([['WATCH', 'key'], ['SUBSCRIBE', 'channel'], ['MULTI'], ['SELECT', '1'], ['CLIENT', 'LIST']])(
    'does not allow %s over REST',
    async (...command) => {
      const answer = await send('/', { method: 'POST', body: JSON.stringify(command) })
      expect(answer).toEqual({ status: 400, body: { error: expect.stringContaining('is not allowed in REST') } })
    },
  )

  it('allows a stream that is named like the option it refuses', async () => {
    const command = JSON.stringify(['XREAD', 'STREAMS', 'BLOCK', '0'])
    expect(await send('/', { method: 'POST', body: command })).toEqual({ status: 200, body: { result: null } })
  })

  it.each(['', '{', '{}', '[]', '[["GET"]]', '[null]', '["GET", {"a": 1}]'])('does not understand %j', async (body) => {
    const answer = await send('/', { method: 'POST', body })
    expect(answer).toEqual({ status: 400, body: { error: expect.stringMatching(/^ERR failed to parse command/) } })
  })

  it('does not know other methods', async () => {
    expect((await send('/get/a', { method: 'DELETE' })).status).toBe(405)
  })
})

describe('commands in the path', () => {
  it('takes arguments from the path, the body and the query', async () => {
    expect(await send('/set/a%2Fb/value%20one?EX=100')).toEqual({ status: 200, body: { result: 'OK' } })
    expect(await send('/get/a%2Fb')).toEqual({ status: 200, body: { result: 'value one' } })
    expect(await redis.ttl('a/b')).toBe(100)
    await send('/set/c?EX=50', { method: 'POST', body: 'the body' })
    expect(await redis.get('c')).toBe('the body')
    expect(await redis.ttl('c')).toBe(50)
  })

  it('answers plain text unless base64 is asked for', async () => {
    await redis.set('key', 'ž')
    expect((await send('/get/key')).body).toEqual({ result: 'ž' })
    const encoded = await send('/get/key', { headers: { 'upstash-encoding': 'base64' } })
    expect(encoded.body).toEqual({ result: Buffer.from('ž').toString('base64') })
  })
})

describe('a Redis that goes away', () => {
  it('is answered for at once, and used again with its data when it is back', async () => {
    await redis.set('kept', 'value')
    await redis.eval(locking('return 1'), [], [])
    await redisProcess.stop()
    await expect(redis.get('kept')).rejects.toThrow('ERR Redis is not reachable')
    expect((await send('/pipeline', { method: 'POST', body: '[["GET","kept"]]' })).status).toBe(503)
    expect((await send('/multi-exec', { method: 'POST', body: '[["GET","kept"]]' })).status).toBe(503)
    await redisProcess.restart()
    await expect.poll(() => redis.get('kept').catch(() => 'away')).toBe('value')
    // Its scripts are gone, which the client must be told so that it sends them again.
    await expect(redis.evalsha(sha1(locking('return 1')), [], [])).rejects.toThrow('NOSCRIPT')
  })

  it('fails requests that wait for it when it is killed, and sends none of them again', async () => {
    const slow = redis.eval(
      "redis.call('INCR', KEYS[1]) local n = 0 while n < 2e9 do n = n + 1 end return 1",
      ['count'],
      [],
    )
    const failed = expect(slow).rejects.toThrow('ERR connection to Redis was lost before it answered')
    await expect.poll(() => server.stats.requests).toBe(1)
    const waiting = expect(redis.get('kept')).rejects.toThrow(
      /^ERR (connection to Redis was lost|Redis is not reachable)/,
    )
    await redisProcess.kill()
    await Promise.all([failed, waiting])
    await redisProcess.restart()
    await expect.poll(() => redis.get('count').catch(() => 'away')).toBeNull()
  })

  it('may come later than the server', async () => {
    const late = await startRedis({ dir: join(home, 'late'), persistent: false })
    onTestFinished(() => late.stop())
    await late.stop()
    const early = await startUpstash({ redisUrl: late.url, token: 'a-token' })
    onTestFinished(() => early.close())
    const client = connect({ url: early.url })
    await expect(client.ping()).rejects.toThrow('ERR Redis is not reachable')
    await late.restart()
    await expect.poll(() => client.ping().catch(() => 'away')).toBe('PONG')
  })
})

describe('a process of its own', () => {
  it('prints where it listens, serves, and ends when told to', async () => {
    const main = new URL('./main.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [main], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LOCAL_UPSTASH_REDIS_URL: redisProcess.url, LOCAL_UPSTASH_TOKEN: 'its-token' },
    })
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    const [line] = await once(createInterface(child.stdout), 'line')
    const { url } = JSON.parse(line)
    expect(await connect({ url, token: 'its-token' }).ping()).toBe('PONG')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
