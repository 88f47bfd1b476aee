import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

type Outcome = { code: number; text: string }

function prepare(env: Record<string, string | undefined>): Promise<Outcome> {
  const program = join(import.meta.dirname, 'prepare.js')
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program],
      { env: { PATH: process.env.PATH, HIVE_NO_INSTALL: '1', ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, text: stdout + stderr })
      },
    )
  })
}

describe('preparing a machine', () => {
  it('says nothing and does nothing where nothing is missing', async () => {
    expect(await prepare({})).toEqual({ code: 0, text: '' })
  })

  it('tells in one line how to get Redis where it may not install it', async () => {
    const { code, text } = await prepare({ PATH: '/nowhere' })
    expect(code).toBe(1)
    expect(text).toMatch(/^agent-hive: no redis-server or valkey-server on PATH\. Install one .*\n$/)
  })

  it('needs no Redis of its own beside a REDIS_URL', async () => {
    const env = { PATH: '/nowhere', REDIS_URL: 'redis://127.0.0.1:6379' }
    expect(await prepare(env)).toEqual({ code: 0, text: '' })
  })
})
