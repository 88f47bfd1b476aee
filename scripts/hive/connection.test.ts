import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findConnection } from './connection.ts'
import { UsageError } from './problem.ts'

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

  it('never takes the local key where an empty one is given, nor the local URL', () => {
    expect(() => findConnection({ key: '' }, {}, local)).toThrow('--key is empty')
    expect(() => findConnection({ url: '', key: 'k' }, {}, local)).toThrow('--url is empty')
    const unset = { HIVE_URL: '', HIVE_ADMIN_KEY: '' }
    expect(findConnection({}, unset, local)).toEqual({ url: 'http://127.0.0.1:4000', key: 'local-key' })
  })

  it.each(['two words', 'end\n', 'a\u0000b', 'clé', '\ufeffkey'])('refuses the key %j without showing it', (key) => {
    for (const attempt of [
      () => findConnection({ url: 'https://some.example', key }, {}, local),
      () => findConnection({}, { HIVE_ADMIN_KEY: key }, local),
    ]) {
      expect(attempt).toThrow(UsageError)
      expect(attempt).not.toThrow(key)
    }
  })

  it('refuses a URL with credentials without showing it', () => {
    for (const url of ['https://me:hunter2@some.example', 'ftp://me:hunter2@some.example']) {
      const attempt = () => findConnection({ url, key: 'k' }, {}, local)
      expect(attempt).toThrow('holds no user and no password')
      expect(attempt).not.toThrow('hunter2')
    }
  })

  it('says what is missing', () => {
    expect(() => findConnection({}, {}, nothing)).toThrow('npm start')
    expect(() => findConnection({ url: 'https://some.example' }, {}, nothing)).toThrow('--key or HIVE_ADMIN_KEY')
    expect(() => findConnection({ url: 'some.example', key: 'k' }, {}, nothing)).toThrow('not an http or https URL')
    expect(() => findConnection({}, {}, written('half.json', '{"url":"http'))).toThrow('does not hold a url')
  })
})
