import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { mintApiKey, readApiKey } from './api-key.ts'

const root = { stage: 'test-1', signingRoot: 'a root of 32 characters or more for tests' }

describe('an API key', () => {
  it('is read back as what it was made', () => {
    const { text, id, secretHash } = mintApiKey(root)
    expect(text).toMatch(/^hive_test-1_[0-9a-f]{24}_[\w-]{22}_[\w-]{43}$/)
    expect(readApiKey(root, text)).toEqual({ id, secretHash })
    expect(secretHash).toBe(createHash('sha256').update(text.slice(-43)).digest('base64url'))
  })

  it('is never the same twice', () => {
    const texts = Array.from({ length: 1_000 }, () => mintApiKey(root))
    expect(new Set(texts.map(({ id }) => id)).size).toBe(1_000)
    expect(new Set(texts.map(({ secretHash }) => secretHash)).size).toBe(1_000)
  })

  it('is of one stage and one root', () => {
    const { text } = mintApiKey(root)
    expect(readApiKey({ ...root, stage: 'test-2' }, text)).toBeNull()
    expect(readApiKey({ ...root, stage: 'test-2' }, text.replace('test-1', 'test-2'))).toBeNull()
    expect(readApiKey({ ...root, signingRoot: `${root.signingRoot}.` }, text)).toBeNull()
  })

  it('is not read when any of its characters is another', () => {
    const { text } = mintApiKey(root)
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'a' ? 'b' : 'a'
      expect(readApiKey(root, text.slice(0, at) + other + text.slice(at + 1))).toBeNull()
    }
  })

  it('takes neither the id of one key and the secret of another, nor more, nor less', () => {
    const [one, other] = [mintApiKey(root).text, mintApiKey(root).text]
    const texts = [
      one.slice(0, -43) + other.slice(-43),
      `${one}a`,
      one.slice(0, -1),
      ` ${one}`,
      `${one}\n`,
      '',
      'hive_',
    ]
    for (const text of texts) expect(readApiKey(root, text)).toBeNull()
  })
})
