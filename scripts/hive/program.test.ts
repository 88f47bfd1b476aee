import { describe, expect, it, vi } from 'vitest'
import { createProgram } from './program.ts'
import { reportError } from './report-error.ts'

/** Parses a command line in this process: what would be printed, and the exit code. */
async function parse(...args: string[]): Promise<{ code: number; stdout: string; stderr: string[] }> {
  const stdout: string[] = []
  const stderr: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0)
  try {
    await createProgram().parseAsync(args, { from: 'user' })
    return { code: 0, stdout: stdout.join(''), stderr }
  } catch (error) {
    const code = reportError(error, false, (line) => stderr.push(line))
    return { code, stdout: stdout.join(''), stderr }
  } finally {
    write.mockRestore()
  }
}

it('tells its version', async () => {
  expect(await parse('--version')).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: [] })
})

describe('wrong use', () => {
  it.each([
    [['publish'], '--from and --to and --type'],
    [['publish', '--from', 'a', '--to', 'b', '--type', 't', '--body', '[]'], 'a JSON object'],
    [['publish', '--from', 'a', '--to', 'b', '--type', 't', '--ttl', '0', '--body', '{}'], 'a whole number'],
    [['publish', '--batch', 'x.ndjson', '--from', 'a'], 'cannot be used with'],
    [['agents', 'put', 'a', '--enable', '--disable'], 'cannot be used with'],
    [['keys', 'create', '--agent', 'a'], '--scope'],
    [['keys', 'create', '--scope', 'everything'], 'one of publish, receive'],
    [['keys', 'create', '--scope', 'admin', '--expires', '2020-01-01'], 'in the future'],
    [['keys', 'rotate', 'k', '--overlap', 'long'], 'a whole number'],
    [['receive', 'a', '--max', '101'], 'a whole number from 1 to 100'],
    [['ack', 'a'], 'missing required argument'],
    [['ack', 'a', 'r', 'r'], 'there twice'],
    [['ack', 'a', ...Array.from({ length: 101 }, (_, index) => `r${index}`)], 'At most 100 receipts'],
    [['extend', 'a', 'r'], '--lease'],
    [['status', 'm'], '--from'],
    [['dead-letters', 'a', 'bury'], 'list, show, redrive, discard'],
    [['dead-letters', 'a', 'redrive'], 'or --all'],
    [['dead-letters', 'a', 'discard', '1', '--all'], 'not both'],
    [['dead-letters', 'a', 'show', '1', '2'], 'the id of one dead letter'],
    [['metrics', 'query', '--from', 'yesterday'], 'like 15m'],
    [['replay', 'x.db', '--table', 'swarms'], 'agent_messages, session_logs'],
    [['publsh'], 'Did you mean publish?'],
  ])('is explained in one line: %j', async (args, said) => {
    const { code, stdout, stderr } = await parse(...args)
    expect({ code, stdout, lines: stderr.length }).toEqual({ code: 2, stdout: '', lines: 1 })
    expect(stderr[0]).toMatch(/^hive: [^\n]*; code usage$/)
    expect(stderr[0]).toContain(said)
  })
})

describe('help', () => {
  const commands = [
    'agents put',
    'agents get',
    'agents list',
    'agents heartbeat',
    'agents rotate-secret',
    'keys bootstrap',
    'keys create',
    'keys list',
    'keys rotate',
    'keys revoke',
    'rebuild-projection',
    'publish',
    'receive',
    'ack',
    'nack',
    'extend',
    'status',
    'tail',
  ]
  const others = ['dead-letters', 'metrics write', 'metrics query', 'metrics rollup', 'replay', 'validate']

  it.each([...commands, ...others])('of %s shows an example and the global options', async (name) => {
    const { code, stdout, stderr } = await parse(...name.split(' '), '--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: [] })
    expect(stdout).toMatch(new RegExp(`Examples?:\\n(.*\\n)* {2}\\$ .*hive ${name}`))
    expect(stdout).toContain('--url <url>')
  })
})
