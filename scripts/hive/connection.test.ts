import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findConnection } from './connection.ts'

const folder = mkdtempSync(join(tmpdir(), 'hive-connection-'))
const nothing = join(folder, 'nothing.json')
const local = written('connection.json', '{"url":"http://127.0.0.1:4000","admin_key":"local-key"}')

function written(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

describe('findConnection', () => {
  it('takes flags before the environment, and the environment before the local hive', () => {
    const env = { HIVE_URL: 'https://env.example', HIVE_ADMIN_KEY: 'env-key' }
    const flags = { url: 'https://flag.example', key: 'flag-key' }
    expect(findConnection(flags, env, local)).toEqual(flags)
    expect(findConnection({ url: flags.url }, env, local)).toEqual({ url: flags.url, key: 'env-key' })
    expect(findConnection({}, env, local)).toEqual({ url: 'https://env.example', key: 'env-key' })
    expect(findConnection({}, {}, local)).toEqual({ url: 'http://127.0.0.1:4000', key: 'local-key' })
  })

  it('never sends the local key anywhere else', () => {
    expect(() => findConnection({ url: 'https://elsewhere.example' }, {}, local)).toThrow('no key for')
    expect(findConnection({ url: 'http://127.0.0.1:4000/' }, {}, local).key).toBe('local-key')
  })

  it('says what is missing', () => {
    expect(() => findConnection({}, {}, nothing)).toThrow('npm start')
    expect(() => findConnection({ url: 'https://some.example' }, {}, nothing)).toThrow('--key or HIVE_ADMIN_KEY')
    expect(() => findConnection({ url: 'some.example', key: 'k' }, {}, nothing)).toThrow('not an http or https URL')
    expect(() => findConnection({}, {}, written('half.json', '{"url":"http'))).toThrow('does not hold a url')
  })
})
